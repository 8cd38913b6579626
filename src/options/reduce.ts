import { LOAD, PRINTING, TARGET } from "./common.js";
import { HEADS } from "./heads.js";
import { COMPARISON, PIPELINE, REWRITE } from "./optimize.js";
import type { CommandSpec, Condition, OptionTable } from "./spec.js";

/** How it is seen that something is wrong with a model. */
export const REDUCE_RUN = {
  /** A command that fails on the model. */
  run: {
    flag: "--run <command>",
    help: "a command line that fails on the model; {} in it stands for the model's path",
    type: "text",
    idleWith: [{ option: "predicate" }],
    group: "What goes wrong",
  },
  /** The exit code by which the command says that something is wrong. */
  exitCode: {
    flag: "--exit-code <n>",
    help: "the exit code of --run that counts; 0 for a command that succeeds where it sees the fault",
    type: "whole",
    from: 0,
    to: 255,
    defaultText: "the one on the whole model",
    needs: [{ option: "run" }],
    group: "What goes wrong",
  },
  /** What the output of the command must match. */
  match: {
    flag: "--match <regexp>",
    help: "the output of --run must match this regular expression too",
    type: "text",
    needs: [{ option: "run" }],
    group: "What goes wrong",
  },
  /** What is seen without a command. */
  predicate: {
    flag: "--predicate <what>",
    help: "instead of --run: undone, undone:<pass>, check-differs, pass:<name>, crash or error",
    type: "text",
    group: "What goes wrong",
  },
  /** Seconds that a try may take: the command, or one call of onnxruntime. */
  timeout: {
    flag: "--timeout <seconds>",
    help: "how long a try may take",
    type: "number",
    above: 0,
    default: 60,
    group: "What goes wrong",
  },
} as const;

/** The same, and how `optimize` works where a predicate calls it. */
export const REDUCE: OptionTable = {
  ...REDUCE_RUN,
  ...needing({ option: "predicate" }, { ...PIPELINE, ...REWRITE, seed: COMPARISON.seed }),
};

/** The rows of a table, each of which has an effect just beside another option. */
function needing(condition: Condition, table: OptionTable): OptionTable {
  return Object.fromEntries(
    Object.entries(table).map(([name, { idleWith: _, ...row }]) => [name, { ...row, needs: [condition] }]),
  );
}

/** `normfold reduce`. */
export const REDUCE_COMMAND: CommandSpec = {
  ...HEADS.reduce,
  description:
    "Shrinks a model on which something goes wrong to a small one on which the same goes wrong: nodes go, values become inputs " +
    "or constants, bodies are opened, sizes shrink, weights become simple numbers. Each try runs in a process of its own. " +
    "Writes the model, and beside it the same as text (.txt). Ctrl-C ends the search and writes the smallest so far.",
  tables: [TARGET, REDUCE, LOAD, PRINTING],
  outcome: {
    done: "what was written shows the same fault",
    differs: "the fault did not show once more on the result, which was written",
  },
  examples: [
    'normfold reduce model.onnx -o small.onnx --run "python run.py {}"',
    "normfold reduce model.onnx -o small.onnx --predicate undone",
    "normfold reduce model.onnx -o small.onnx --predicate crash",
  ],
};
