import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import type { Model } from "../index.js";
import type { CalibrationMethod, CalibrationReport, Evaluation } from "../train.js";
import { addDataOptions, type DataFlags, openDataFor, runOptionsOf } from "./data-options.js";
import { EXIT_HELP } from "./exit.js";
import { loadInput, removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { createStages } from "./progress.js";
import { assertTarget, saveResult } from "./result.js";
import { choice, parseNumber } from "./values.js";

interface CalibrateFlags extends DataFlags {
  readonly output?: string;
  readonly method: CalibrationMethod;
  readonly momentum?: number;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addCalibrate(program: Command): void {
  const command = program
    .command("calibrate")
    .summary("new statistics for BatchNormalization, from data")
    .description(
      "Replaces the statistics of every BatchNormalization by those of the data: after training, or on data of another " +
        "domain (AdaBN). With --labels, says how accurate the model was before and is after.",
    )
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .option("-o, --output <file>", 'where to write; "-" writes to standard output')
    .option(
      "--method <how>",
      "paper: Algorithm 2; pooled: all data at once; sequential: layer by layer, a pass over the data for those side by side; moving-average: from the stored values on",
      choice("paper", "pooled", "sequential", "moving-average"),
      "paper",
    )
    .option(
      "--momentum <x>",
      "of moving-average: the old value's share (default: each node's own)",
      parseNumber,
    );
  addDataOptions(command, { required: true })
    .option("--allow-outside", "read external data outside the model's folder")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText(
      "after",
      `
Examples:
  normfold calibrate model.onnx -o new.onnx --data images/ --scale 1/255
  normfold calibrate model.onnx -o new.onnx --data x.npy --labels y.npy
${EXIT_HELP}`,
    )
    .action(calibrateCommand);
}

async function calibrateCommand(path: string, flags: CalibrateFlags): Promise<void> {
  const target = assertTarget(path, flags.output, flags.json);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(flags.quiet !== true);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false });
    const done = await calibrateModel(input.model, flags, (text) => stages.enter("calibrate", text)).catch(
      (error: unknown) => {
        throw error instanceof NormfoldError ? error.at({ file: input.file.path }) : error;
      },
    );
    stages.enter("write", "writing");
    const output = await saveResult(done.model, target);
    const time = stages.finish();
    const { calibrationJson, calibrationText } = await import("../report/calibration-text.js");
    const run = { input: input.file, output, report: done.report, accuracy: done.accuracy };
    if (flags.json) return await writeJson({ ...calibrationJson(run), time });
    if (flags.quiet) return;
    const channel = target === "-" ? "stderr" : "stdout";
    await write(calibrationText(run, styleFor(channel)), channel);
  } finally {
    stages.finish();
  }
}

interface Calibrated {
  readonly model: Model;
  readonly report: CalibrationReport;
  readonly accuracy: { readonly before: Evaluation; readonly after: Evaluation } | undefined;
}

async function calibrateModel(
  model: Model,
  flags: CalibrateFlags,
  show: (text: string) => void,
): Promise<Calibrated> {
  const { calibrate, evaluate, LABELS } = await import("../train.js");
  const { progressText } = await import("../report/progress-text.js");
  const data = await openDataFor(model, flags);
  try {
    const isLabelled = data.fields.some(({ name }) => name === LABELS);
    const { batchSize = 32, limit, threads } = runOptionsOf(flags);
    const judge = async (judged: Model, text: string): Promise<Evaluation | undefined> => {
      if (!isLabelled) return undefined;
      show(text);
      return evaluate(judged, data, {
        loss: { kind: "cross-entropy" },
        batchSize,
        ...(limit === undefined ? {} : { limit }),
        ...(threads === undefined ? {} : { threads }),
      });
    };
    const before = await judge(model, "judging the original");
    const started = performance.now();
    show("measuring");
    const result = await calibrate(model, data, {
      ...runOptionsOf(flags),
      method: flags.method,
      onProgress: ({ samples, total }) =>
        show(progressText("measuring", samples, total, performance.now() - started)),
      ...(flags.momentum === undefined ? {} : { momentum: flags.momentum }),
    });
    const after = await judge(result.model, "judging the result");
    const accuracy = before === undefined || after === undefined ? undefined : { before, after };
    return { ...result, accuracy };
  } finally {
    await data.close();
  }
}
