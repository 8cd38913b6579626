import { appendFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import type { Model, OptimizeReport } from "../index.js";
import { guarded } from "../node/guarded.js";
import type {
  Loss,
  Optimizer,
  Schedule,
  StepProgress,
  Training,
  TrainOptions,
  Validation,
} from "../train.js";
import { addDataOptions, type DataFlags, openDataFor } from "./data-options.js";
import { EXIT, EXIT_HELP } from "./exit.js";
import { assertWritable, loadInput, removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { createStages, type Stages } from "./progress.js";
import { assertTarget, saveResult } from "./result.js";
import { choice, collectNames, parseCount, parseNumber, parseNumbers } from "./values.js";

interface TrainFlags extends DataFlags {
  readonly output?: string;
  readonly of?: string;
  readonly loss: Loss["kind"];
  readonly classWeights?: readonly number[];
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
  readonly delta?: number;
  readonly optimizer: Optimizer["kind"];
  readonly lr: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly clipNorm?: number;
  readonly schedule: Schedule["kind"];
  readonly scheduleEvery?: number;
  readonly scheduleFactor?: number;
  readonly warmup?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly valid?: string;
  readonly validLabels?: string;
  readonly validateEvery?: number;
  readonly freeze?: readonly string[];
  readonly frozenStatistics?: true;
  readonly trainingInfo?: string;
  readonly log?: string;
  readonly checkpoint?: string;
  readonly checkpointEvery?: number;
  readonly resume?: true;
  readonly fold?: true;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .summary("train a network on stock onnxruntime")
    .description(
      "Trains a network through a gradient graph of standard operators, replaces the moving averages of its " +
        "normalizations by Algorithm 2's statistics, and writes the inference form.",
    )
    .argument("<model>", "the ONNX file")
    .option("-o, --output <file>", "where to write the trained model")
    .option("--of <name>", "the output that the loss is of (default: the first)")
    .option(
      "--loss <kind>",
      "cross-entropy, bce, mse, l1 or huber",
      choice("cross-entropy", "bce", "mse", "l1", "huber"),
      "cross-entropy",
    )
    .option("--class-weights <list>", "of cross-entropy: a weight for each class", parseNumbers)
    .option("--ignore-index <label>", "of cross-entropy: samples of this label do not count", parseNumber)
    .option("--label-smoothing <x>", "of cross-entropy: the part that goes to all classes", parseNumber)
    .option("--delta <x>", "of huber: where it turns linear (default: 1)", parseNumber)
    .option(
      "--optimizer <kind>",
      "sgd, momentum, nesterov, adam or adamw",
      choice("sgd", "momentum", "nesterov", "adam", "adamw"),
      "momentum",
    )
    .option("--lr <x>", "the learning rate", parseNumber, 0.1)
    .option("--momentum <x>", "of momentum and nesterov (default: 0.9)", parseNumber)
    .option("--weight-decay <x>", "of weights; biases and normalizations have none", parseNumber)
    .option("--clip-norm <x>", "scale gradients down to this norm of all together", parseNumber)
    .option(
      "--schedule <kind>",
      "of the learning rate: constant, step, exponential, cosine or linear",
      choice("constant", "step", "exponential", "cosine", "linear"),
      "constant",
    )
    .option("--schedule-every <steps>", "of step and exponential: when it falls", parseCount)
    .option("--schedule-factor <x>", "of step and exponential: by what (default: 0.1)", parseNumber)
    .option("--warmup <steps>", "over which the rate rises first", parseCount)
    .option("--steps <n>", "how many batches to train on", parseCount)
    .option("--epochs <n>", "or how many rounds through the data", parseCount)
    .option("--valid <path>", "data to judge on; the best parameters on it are kept")
    .option("--valid-labels <path>", "its labels")
    .option("--validate-every <steps>", "default: after each round through the data", parseCount)
    .option("--freeze <globs>", "parameters that stay as they are (repeatable, or a,b)", collectNames)
    .option("--frozen-statistics", "normalizations in inference form keep their statistics")
    .option("--log <file>", "write steps and validations as JSON lines")
    .option("--checkpoint <file>", "save what training needs to go on, at each validation and at Ctrl-C")
    .option("--checkpoint-every <steps>", "or at this pace", parseCount)
    .option("--resume", "go on from --checkpoint where it is there, bit for bit")
    .option("--fold", "optimize the result at once, proven in onnxruntime")
    .option(
      "--training-info <file>",
      "also write the trained model with a step of this training in it, as ONNX's training_info",
    );
  addDataOptions(command, { required: true })
    .option("--allow-outside", "read external data outside the model's folder")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText(
      "after",
      `
Examples:
  normfold insert plain.onnx -o net.onnx --init fresh --form training
  normfold train net.onnx -o trained.onnx --data x.npy --labels y.npy --epochs 5
  normfold train net.onnx -o trained.onnx --data images/ --scale 1/255 \\
    --steps 10000 --schedule cosine --checkpoint run.safetensors --resume
${EXIT_HELP}`,
    )
    .action(trainCommand);
}

async function trainCommand(path: string, flags: TrainFlags): Promise<void> {
  const target = assertTarget(path, flags.output, flags.json);
  if (flags.resume && flags.checkpoint === undefined) {
    throw new NormfoldError("usage", "there is no checkpoint to go on from; give --checkpoint <file>");
  }
  assertApt(flags);
  for (const file of [flags.checkpoint, flags.trainingInfo]) if (file !== undefined) assertWritable(file);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(flags.quiet !== true);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false });
    const training = await trainWith(input.model, flags, stages).catch((error: unknown) => {
      throw error instanceof NormfoldError ? error.at({ file: input.file.path }) : error;
    });
    if (training === undefined || training.course.interrupted) return await sayStopped(training, flags);
    const recipe = flags.trainingInfo === undefined ? undefined : await withStep(training.model, flags);
    const folded = flags.fold ? await fold(training.model, stages) : undefined;
    stages.enter("write", "writing");
    const output = await saveResult(folded?.model ?? training.model, target);
    if (recipe !== undefined && flags.trainingInfo !== undefined)
      await saveResult(recipe, flags.trainingInfo);
    const time = stages.finish();
    const { model: _, course, calibration: __, ...finished } = training;
    const { model: ___, ...said } = course;
    const run = { input: input.file, output, time, course: said, ...finished, folded: folded?.report };
    if (flags.json) return await writeJson(run);
    if (flags.quiet) return;
    const { trainText } = await import("../report/train-text.js");
    await write(trainText(run, styleFor("stdout")));
  } finally {
    stages.finish();
  }
}

/** A run that was stopped writes no model: what it has is in the checkpoint. */
async function sayStopped(training: Training | undefined, { checkpoint, quiet }: TrainFlags): Promise<void> {
  process.exitCode = EXIT.interrupted;
  if (quiet) return;
  const kept = checkpoint === undefined ? "nothing was kept" : `${checkpoint} holds them; --resume goes on`;
  const when = training === undefined ? "the last step" : `${training.course.steps} steps`;
  await write(`stopped after ${when}; ${kept}\n`, "stderr");
}

/** undefined: it was stopped after its last step, while statistics were taken. */
async function trainWith(model: Model, flags: TrainFlags, stages: Stages): Promise<Training | undefined> {
  const { matchesGlob, train } = await import("../train.js");
  const { readCheckpoint, writeCheckpoint } = await import("../node/checkpoint.js");
  const { stepText } = await import("../report/train-text.js");
  const names = [...model.graph.initializers].map(({ name }) => name);
  const idle = flags.freeze?.find((pattern) => !names.some((name) => matchesGlob(pattern, name)));
  if (idle !== undefined)
    throw new NormfoldError("usage", `--freeze ${idle} names no parameter; normfold print shows their names`);
  const data = await openDataFor(model, flags);
  const { valid: validPath, validLabels, checkpoint, resume } = flags;
  const { data: _, labels: __, ...preparation } = flags;
  const valid =
    validPath === undefined
      ? undefined
      : await openDataFor(model, {
          ...preparation,
          data: validPath,
          ...(validLabels && { labels: validLabels }),
        });
  const isResumed = checkpoint !== undefined && (await exists(checkpoint));
  if (isResumed && resume !== true) {
    const message = "there is a checkpoint here already; give --resume to go on from it, or remove it";
    throw new NormfoldError("usage", message, { file: checkpoint });
  }
  const log = logTo(flags.log, isResumed);
  const abort = new AbortController();
  // The first Ctrl-C ends the run in order; the second one, which is the program's own, ends the process.
  const stop = (): void => abort.abort();
  const started = performance.now();
  const first = { step: 0 };
  const options: Omit<TrainOptions, "runtime"> = {
    ...optionsOf(flags),
    data,
    signal: abort.signal,
    freeze: (name) => flags.freeze?.some((pattern) => matchesGlob(pattern, name)) ?? false,
    onStep: (progress) => {
      first.step ||= progress.step;
      log?.({ kind: "step", ...progress });
      stages.enter("train", stepText(progress, progress.step - first.step + 1, performance.now() - started));
    },
    onValidation: (validation) => log?.({ kind: "validation", ...validation }),
    ...(valid === undefined ? {} : { valid }),
    ...(checkpoint === undefined ? {} : { onCheckpoint: (saved) => writeCheckpoint(checkpoint, saved) }),
    ...(isResumed ? { resume: readCheckpoint(checkpoint) } : {}),
  };
  const others = process.listeners("SIGINT");
  const restore = (): void => {
    process.removeAllListeners("SIGINT");
    for (const listener of others) process.on("SIGINT", listener);
  };
  process.removeAllListeners("SIGINT");
  process.once("SIGINT", () => {
    restore();
    stop();
  });
  stages.enter("train", "building the gradient graph");
  try {
    return await train(model, options);
  } catch (error) {
    if (abort.signal.aborted && !(error instanceof NormfoldError)) return undefined;
    throw error;
  } finally {
    restore();
    await data.close();
    await valid?.close();
  }
}

async function exists(path: string): Promise<boolean> {
  const { existsSync } = await import("node:fs");
  return existsSync(path);
}

function optionsOf(flags: TrainFlags): Omit<TrainOptions, "runtime" | "data"> {
  const { batch = 32, of, lr, momentum, weightDecay, clipNorm, steps, epochs, seed, threads } = flags;
  return {
    loss: lossOf(flags),
    optimizer: { kind: flags.optimizer },
    schedule: scheduleOf(flags),
    batchSize: batch,
    learningRate: lr,
    batchStatistics: flags.frozenStatistics ? "training" : "all",
    ...(of === undefined ? {} : { output: of }),
    ...(momentum === undefined ? {} : { momentum }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(steps === undefined ? {} : { steps }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(seed === undefined ? {} : { seed }),
    ...(threads === undefined ? {} : { threads }),
    ...(flags.validateEvery === undefined ? {} : { validateEvery: flags.validateEvery }),
    ...(flags.checkpointEvery === undefined ? {} : { checkpointEvery: flags.checkpointEvery }),
  };
}

function lossOf({ loss, classWeights, ignoreIndex, labelSmoothing, delta }: TrainFlags): Loss {
  if (loss === "huber") return delta === undefined ? { kind: loss } : { kind: loss, delta };
  if (loss !== "cross-entropy") return { kind: loss };
  return {
    kind: loss,
    ...(classWeights === undefined ? {} : { classWeights }),
    ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
    ...(labelSmoothing === undefined ? {} : { labelSmoothing }),
  };
}

function scheduleOf({ schedule, scheduleEvery, scheduleFactor, warmup }: TrainFlags): Schedule {
  const rise = warmup === undefined ? {} : { warmup };
  if (schedule !== "step" && schedule !== "exponential") return { kind: schedule, ...rise };
  if (scheduleEvery === undefined) {
    throw new NormfoldError("usage", `the schedule ${schedule} needs --schedule-every <steps>`);
  }
  return {
    kind: schedule,
    every: scheduleEvery,
    ...(scheduleFactor === undefined ? {} : { factor: scheduleFactor }),
    ...rise,
  };
}

type LogEntry = ({ readonly kind: "step" } & StepProgress) | ({ readonly kind: "validation" } & Validation);

/** Gives what adds a line to the file, which starts anew but for a training that goes on. */
function logTo(path: string | undefined, isResumed: boolean): ((entry: LogEntry) => void) | undefined {
  if (path === undefined) return undefined;
  guarded(path, "write", () => writeFileSync(path, "", { flag: isResumed ? "a" : "w" }));
  return (entry) => guarded(path, "write", () => appendFileSync(path, `${JSON.stringify(entry)}\n`));
}

/** The trained model and a step like those that trained it. */
async function withStep(model: Model, flags: TrainFlags): Promise<Model> {
  const { matchesGlob, withTrainingInfo } = await import("../train.js");
  return withTrainingInfo(model, {
    ...optionsOf(flags),
    freeze: (name) => flags.freeze?.some((pattern) => matchesGlob(pattern, name)) ?? false,
  });
}

/** Options that only some losses, optimizers and schedules have. Throws "usage" where one would be passed over. */
function assertApt(flags: TrainFlags): void {
  const { loss, optimizer, schedule } = flags;
  const isFalling = schedule === "step" || schedule === "exponential";
  const rows: readonly (readonly [given: unknown, option: string, isApt: boolean, owner: string])[] = [
    [flags.classWeights, "--class-weights", loss === "cross-entropy", "--loss cross-entropy"],
    [flags.ignoreIndex, "--ignore-index", loss === "cross-entropy", "--loss cross-entropy"],
    [flags.labelSmoothing, "--label-smoothing", loss === "cross-entropy", "--loss cross-entropy"],
    [flags.delta, "--delta", loss === "huber", "--loss huber"],
    [
      flags.momentum,
      "--momentum",
      optimizer === "momentum" || optimizer === "nesterov",
      "--optimizer momentum",
    ],
    [flags.scheduleEvery, "--schedule-every", isFalling, "--schedule step"],
    [flags.scheduleFactor, "--schedule-factor", isFalling, "--schedule step"],
    [flags.validLabels, "--valid-labels", flags.valid !== undefined, "--valid"],
    [flags.checkpointEvery, "--checkpoint-every", flags.checkpoint !== undefined, "--checkpoint"],
  ];
  if (flags.limit !== undefined)
    throw new NormfoldError("usage", "training reads all of its data; leave out --limit, or give less data");
  const odd = rows.find(([given, , isApt]) => given !== undefined && !isApt);
  if (odd !== undefined)
    throw new NormfoldError("usage", `${odd[1]} has no effect without ${odd[3]}; leave it out`);
}

async function fold(
  model: Model,
  stages: Stages,
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  stages.enter("fold", "folding");
  const { optimize } = await import("../index.js");
  const folded = await optimize(model);
  const { check } = folded.report;
  if (check?.status !== "equal") {
    throw new NormfoldError(
      "check",
      `the folded model is not proven: ${check?.reason ?? "it was not compared"}; leave out --fold`,
    );
  }
  return folded;
}
