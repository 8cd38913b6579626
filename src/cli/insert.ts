import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import type { InsertOptions, InsertReport } from "../train.js";
import { addDataOptions, type DataFlags, openDataFor, runOptionsOf } from "./data-options.js";
import { EXIT_HELP } from "./exit.js";
import { type LoadedModel, loadInput, removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { createStages } from "./progress.js";
import { assertProven } from "./proven.js";
import { assertTarget, saveResult } from "./result.js";
import { choice, collectNames, parseNumber } from "./values.js";

interface InsertFlags extends DataFlags {
  readonly output?: string;
  readonly init: "identity" | "fresh";
  readonly form: "inference" | "training";
  readonly decompose?: true;
  readonly residual: "branch" | "sum";
  readonly sites: "hidden" | "all";
  readonly gates?: true;
  readonly bodies?: true;
  readonly recurrent?: true;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly epsilon?: number;
  readonly momentum?: number;
  readonly dryRun?: true;
  readonly check: boolean;
  readonly reference?: true;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addInsert(program: Command): void {
  const command = program
    .command("insert")
    .summary("put BatchNormalization before nonlinearities")
    .description(
      "Puts BatchNormalization between linear layers and their nonlinearities. With --init identity its parameters come " +
        "from data, so that the function stays, which is proven in onnxruntime before anything is written.",
    )
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .option("-o, --output <file>", 'where to write; "-" writes to standard output')
    .option(
      "--init <how>",
      "identity: from data, nothing changes; fresh: gamma 1, beta the bias, for training from the start",
      choice("identity", "fresh"),
      "identity",
    )
    .option(
      "--form <form>",
      "inference, or training: training_mode 1 and the updated statistics as further outputs",
      choice("inference", "training"),
      "inference",
    )
    .option("--decompose", "write the training form in plain operators")
    .option(
      "--residual <where>",
      "in residual blocks, normalize each branch or the sum",
      choice("branch", "sum"),
      "branch",
    )
    .option(
      "--sites <which>",
      "all: the activations at the end of the model too",
      choice("hidden", "all"),
      "hidden",
    )
    .option("--gates", "also before sigmoids that gate another value")
    .option("--bodies", "also inside If, Loop and Scan")
    .option("--recurrent", "also the input term of LSTM, GRU and RNN, over batch and time")
    .option("--include <globs>", "only sites of these names or operators (repeatable, or a,b)", collectNames)
    .option("--exclude <globs>", "no sites of these names or operators (repeatable, or a,b)", collectNames)
    .option("--epsilon <x>", "added to the variance (default: 1e-5)", parseNumber)
    .option(
      "--momentum <x>",
      "the old value's share in running statistics, as ONNX has it (default: 0.9)",
      parseNumber,
    )
    .option("--dry-run", "list the sites and what was passed over, and write nothing")
    .option("--no-check", "do not compare in onnxruntime before writing")
    .option("--reference", "say how far original and result are from a float64 evaluation");
  addDataOptions(command, { required: false })
    .option("--allow-outside", "read external data outside the model's folder")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText(
      "after",
      `
Examples:
  normfold insert plain.onnx -o normalized.onnx --data samples.npz
  normfold insert plain.onnx -o to-train.onnx --init fresh --form training
  normfold insert plain.onnx --dry-run
${EXIT_HELP}`,
    )
    .action(insertCommand);
}

async function insertCommand(path: string, flags: InsertFlags): Promise<void> {
  assertReferenceHasCheck(flags);
  const target = flags.dryRun ? undefined : assertTarget(path, flags.output, flags.json);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(flags.quiet !== true);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false });
    const { model, report } = await insert(input, flags, (text) => stages.enter("insert", text));
    if (report.check !== undefined) assertProven(report.check, input.file.path);
    if (target !== undefined && report.sites.length === 0) {
      const hint = "there is no place for a BatchNormalization; --dry-run says why";
      throw new NormfoldError("usage", `${hint}, and nothing was written`, { file: input.file.path });
    }
    stages.enter("write", "writing");
    const output = target === undefined ? undefined : await saveResult(model, target);
    const time = stages.finish();
    if (flags.json) return await writeJson({ input: input.file, output, time, report });
    if (flags.quiet) return;
    const { insertText } = await import("../report/insert-text.js");
    const channel = target === "-" ? "stderr" : "stdout";
    await write(insertText({ input: input.file, output, report }, styleFor(channel)), channel);
  } finally {
    stages.finish();
  }
}

/** --reference measures what the check compares. */
function assertReferenceHasCheck({ reference, check, dryRun, init, form }: InsertFlags): void {
  if (reference === undefined) return;
  const without = [
    [dryRun === true, "--dry-run"],
    [!check, "--no-check"],
    [init === "fresh", "--init fresh"],
    [form === "training", "--form training"],
  ] as const;
  const cause = without.find(([is]) => is);
  if (cause === undefined) return;
  throw new NormfoldError("usage", `--reference has no effect with ${cause[1]}; leave it out`);
}

async function insert(
  { model, file }: LoadedModel,
  flags: InsertFlags,
  show: (text: string) => void,
): Promise<{ readonly model: LoadedModel["model"]; readonly report: InsertReport }> {
  const { insertBatchNorm } = await import("../train.js");
  const { progressText } = await import("../report/progress-text.js");
  const wantsData = flags.init === "identity" && flags.dryRun !== true;
  const data = flags.data !== undefined || wantsData ? await openDataFor(model, flags) : undefined;
  const started = performance.now();
  const options: InsertOptions = {
    ...runOptionsOf(flags),
    init: flags.init,
    form: flags.form,
    residual: flags.residual,
    decompose: flags.decompose ?? false,
    gates: flags.gates ?? false,
    bodies: flags.bodies ?? false,
    recurrent: flags.recurrent ?? false,
    outputs: flags.sites === "all",
    dryRun: flags.dryRun ?? false,
    check: flags.check,
    reference: flags.reference ?? false,
    onProgress: ({ samples, total }) =>
      show(progressText("measuring", samples, total, performance.now() - started)),
    ...(flags.include === undefined ? {} : { include: flags.include }),
    ...(flags.exclude === undefined ? {} : { exclude: flags.exclude }),
    ...(flags.epsilon === undefined ? {} : { epsilon: flags.epsilon }),
    ...(flags.momentum === undefined ? {} : { momentum: flags.momentum }),
    ...(data === undefined ? {} : { data }),
  };
  show("inserting");
  try {
    return await insertBatchNorm(model, options);
  } catch (error) {
    throw error instanceof NormfoldError ? error.at({ file: file.path }) : error;
  } finally {
    await data?.close();
  }
}
