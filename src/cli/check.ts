import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import type { FeedSet, Model } from "../index.js";
import { EXIT, EXIT_HELP } from "./exit.js";
import { isSameFile, type LoadedModel, loadInput, removeTemporariesOnInterrupt, STANDARD } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { createStages } from "./progress.js";
import { collectShapes, parseSeed, type Shapes } from "./values.js";

interface CheckFlags {
  readonly data?: string;
  readonly inputShape?: Shapes;
  readonly seed: number;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addCheck(program: Command): void {
  program
    .command("check")
    .summary("compare two models in onnxruntime, output by output")
    .description(
      "Runs two models on the same inputs in onnxruntime, its own optimizations off, and compares each output. " +
        "The inputs are --data, else the test_data_set_* folders beside the first model, else generated.",
    )
    .argument("<original>", 'the model to compare with; "-" reads standard input')
    .argument("<result>", 'the model to judge; one of the two may be "-"')
    .option("--data <data>", "compare on this data: .npz, .npy, .pb or a test_data_set folder")
    .option(
      "--input-shape <name:sizes>",
      "sizes of a generated input, x:1,3,224,224 (repeatable)",
      collectShapes,
    )
    .option("--seed <n>", "seed of the generated inputs", parseSeed, 0)
    .option("--allow-outside", "read external data outside the models' folders")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors; the exit code tells")
    .addHelpText(
      "after",
      `
Examples:
  normfold check model.onnx folded.onnx
  normfold check model.onnx folded.onnx --data samples.npz -q && echo equal
${EXIT_HELP}`,
    )
    .action(checkCommand);
}

async function checkCommand(original: string, result: string, flags: CheckFlags): Promise<void> {
  if (original === STANDARD ? result === STANDARD : isSameFile(original, result)) {
    throw new NormfoldError("usage", `both models are "${result}"; give two files`);
  }
  await removeTemporariesOnInterrupt();
  const stages = await createStages(flags.quiet !== true);
  const { allowOutside, inputShape, seed } = flags;
  try {
    stages.enter("read", "reading");
    const options = { allowOutsideExternalData: allowOutside ?? false };
    const a = await loadInput(original, options);
    const b = await loadInput(result, options);
    assertComparable(a, b);
    const data = await dataFor(a.model, original, flags);
    stages.enter("check", "comparing in onnxruntime");
    const { check } = await import("../index.js");
    const report = await check(a.model, b.model, {
      seed,
      ...(data === undefined ? {} : { data }),
      ...(inputShape === undefined ? {} : { inputShapes: inputShape }),
    });
    const time = stages.finish();
    if (report.status === "differs") process.exitCode = EXIT.check;
    if (report.status === "unchecked") process.exitCode = EXIT.unsupported;
    if (flags.json) return await writeJson({ original: a.file, result: b.file, time, check: report });
    if (flags.quiet) return;
    const { comparisonText } = await import("../report/check-text.js");
    await write(comparisonText({ original: a.file, result: b.file, check: report }, styleFor("stdout")));
  } finally {
    stages.finish();
  }
}

/** Both models get the same inputs, and each has to give outputs of the same names. */
function assertComparable(a: LoadedModel, b: LoadedModel): void {
  const known = new Set(a.model.graph.inputs.map(({ name }) => name));
  const strange = b.model.graph.inputs.find((value) => value.tensor === undefined && !known.has(value.name));
  if (strange === undefined) return;
  throw new NormfoldError(
    "usage",
    `input "${strange.name}" is not one of ${a.file.path}; compare models with the same inputs`,
    { file: b.file.path },
  );
}

async function dataFor(
  model: Model,
  path: string,
  { data, inputShape }: CheckFlags,
): Promise<readonly FeedSet[] | undefined> {
  const { findTestData, loadData } = await import("../index.js");
  if (data !== undefined) return await loadData(model, data);
  // Who gives shapes wants generated inputs.
  if (path === STANDARD || inputShape !== undefined) return undefined;
  const sets: FeedSet[] = [];
  for (const folder of await findTestData(path)) sets.push(...(await loadData(model, folder)));
  return sets.length === 0 ? undefined : sets;
}
