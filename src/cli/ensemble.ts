import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import { EXIT_HELP } from "./exit.js";
import { isSameFile, loadInput, removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { assertTarget, saveResult } from "./result.js";
import { parseNumbers } from "./values.js";

interface EnsembleFlags {
  readonly output?: string;
  readonly of?: string;
  readonly weights?: readonly number[];
  readonly check: boolean;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addEnsemble(program: Command): void {
  program
    .command("ensemble")
    .summary("one model that averages the class probabilities of several")
    .description(
      "Writes one model whose output is the arithmetic mean of the class probabilities of several (the paper's 4.2.3). " +
        "Inputs of the same name are shared; models that end in logits get a Softmax.",
    )
    .argument("<models...>", "two ONNX files or more")
    .option("-o, --output <file>", 'where to write; "-" writes to standard output')
    .option("--of <name>", "the output with the classes (default: the first)")
    .option("--weights <list>", "how much each counts (default: all alike)", parseNumbers)
    .option("--no-check", "do not compare with the members in onnxruntime before writing")
    .option("--allow-outside", "read external data outside the models' folders")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText("after", EXIT_HELP)
    .action(ensembleCommand);
}

async function ensembleCommand(paths: readonly string[], flags: EnsembleFlags): Promise<void> {
  const [first = ""] = paths;
  const target = assertTarget(first, flags.output, flags.json);
  const overwritten = paths.find((path) => target !== "-" && isSameFile(path, target));
  if (overwritten !== undefined) {
    throw new NormfoldError("usage", `"${overwritten}" is one of the models; give another file to --output`);
  }
  await removeTemporariesOnInterrupt();
  const inputs = [];
  for (const path of paths) {
    inputs.push(await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false }));
  }
  const { buildEnsemble, proveEnsemble } = await import("../train.js");
  const models = inputs.map(({ model }) => model);
  const options = {
    ...(flags.of === undefined ? {} : { output: flags.of }),
    ...(flags.weights === undefined ? {} : { weights: flags.weights }),
  };
  const model = buildEnsemble(models, options);
  const proof = flags.check ? await proveEnsemble(models, model, options) : undefined;
  const output = await saveResult(model, target);
  const nodes = model.graph.nodeCount;
  const run = { inputs: inputs.map(({ file }) => file), output, nodes, ...(proof && { proof }) };
  if (flags.json) return await writeJson(run);
  if (flags.quiet) return;
  const { ensembleText } = await import("../report/ensemble-text.js");
  const channel = target === "-" ? "stderr" : "stdout";
  await write(ensembleText(run, styleFor(channel)), channel);
}
