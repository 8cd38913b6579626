import type { Numerics } from "../base/numerics.js";
import type { SpecialEffect } from "../base/special-values.js";
import type { CalibratedLayer, CalibrationReport } from "../batchnorm/calibration-report.js";
import type { FreezeReport } from "../batchnorm/freeze.js";
import type { InsertReport } from "../batchnorm/insert-report.js";
import type { PrepareReport } from "../batchnorm/prepare.js";
import type { BudgetReport } from "../budget/budget.js";
import type { ModelDiff } from "../diff/model-diff.js";
import type { ModelDescription } from "../library/description.js";
import type { OptimizeReport } from "../library/optimize.js";
import type { StandardOperator } from "../ops/catalogue.js";
import type { OperatorCoverage } from "../ops/coverage.js";
import type { GradientCoverage } from "../ops/gradient.js";
import type { ProfileReport } from "../profile/profile-report.js";
import type { ReduceReport } from "../reduce/reduce.js";
import type { PassOrder } from "../rewrite/pass.js";
import type { Trait } from "../rules/operator.js";
import type { ComparisonReport } from "../runtime/comparison-report.js";
import type { LowerReport } from "../trainer/lower.js";
import type { EnsembleProof } from "../training/ensemble-proof.js";
import type { Evaluation } from "../training/evaluation.js";
import type { StatisticsComparison } from "../training/finish.js";
import type { ListedConstant } from "../training/list-constants.js";
import type { TrainResult } from "../training/training-run.js";

/**
 * The version of what --json prints. It grows when a field goes, changes its type or its meaning; new fields may come without it,
 * so a reader ignores those that it does not know.
 */
export type SchemaVersion = 1;

/** The fields that every document begins with. */
export interface Envelope<Command extends string = string> {
  /** The version of the documents' shape. */
  readonly schemaVersion: SchemaVersion;
  /** The program that printed it. */
  readonly program: { readonly name: "normfold"; readonly version: string };
  /** The command that was called. */
  readonly command: Command;
}

/** A file and its content. */
export interface FileRecord {
  /** The path as it was given. */
  readonly path: string;
  /** The size of the file. */
  readonly bytes: number;
  /** SHA-256 of its bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/** A model with the files of its data. Standard input and output have no path of their own, but their names. */
export interface ModelFiles extends FileRecord {
  /** The size of the model, data files included. */
  readonly bytes: number;
  /** SHA-256 of the model file alone. */
  readonly sha256: string;
  /** The model file, and then its data files. */
  readonly files: readonly FileRecord[];
}

/** An error, as the line on stderr says it. */
export interface ErrorRecord {
  /** The class of the error. */
  readonly code: "check" | "usage" | "invalid" | "unsupported" | "io" | "internal";
  /** The kind of error; docs/errors.md lists them. */
  readonly id: string;
  /** What is wrong, and what to do about it. The sentence may change, the id does not. */
  readonly message: string;
  /** The file that it is about. */
  readonly file?: string;
  /** Bytes from the start of the file. */
  readonly offset?: number;
  /** The element of the graph. */
  readonly element?: string;
  /** The exit code of the command. */
  readonly exitCode: number;
}

/** A command that failed prints this instead of its own document. */
export interface ErrorDocument extends Omit<Envelope, "command"> {
  /** The command; undefined where there is none of that name. */
  readonly command?: string;
  /** Why it failed. */
  readonly error: ErrorRecord;
}

/** What `optimize` did to one model. */
export type OptimizeRecord = OptimizedRecord | FailedRecord;

/** A model that was optimized. */
export interface OptimizedRecord {
  /** The result is where it should be; or it misses its budget, and is nowhere unless --write-over-budget was given. */
  readonly status: "optimized" | "missed";
  /** The result was known from an earlier run. */
  readonly cached: boolean;
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written; undefined where it misses its budget. */
  readonly output?: ModelFiles;
  /** Seconds by stage, in the order they began. */
  readonly secondsByStage: Readonly<Record<string, number>>;
  /** The most memory that was taken, in bytes: by normfold's process and by that of onnxruntime, where it had one. */
  readonly peakMemoryBytes?: { readonly normfold: number; readonly onnxruntime?: number };
  /** The rewrites, the refusals and the proof. */
  readonly report: OptimizeReport;
  /** With --time: original and result side by side. */
  readonly profile?: ProfileReport;
  /** Why there is no profile, although it was asked for. */
  readonly unmeasured?: string;
  /** What was wanted of the result, and what was found; undefined where nothing was. */
  readonly budget?: BudgetReport;
}

/** A model of several that has no result. A single one that fails is an ErrorDocument. */
export interface FailedRecord {
  /** There is no result. */
  readonly status: "failed";
  /** The path of the model. */
  readonly input: Pick<FileRecord, "path">;
  /** Why not. */
  readonly error: ErrorRecord;
}

/** A number of all originals and of all results. */
export interface Totals {
  /** Of the originals. */
  readonly before: number;
  /** Of the results. */
  readonly after: number;
}

/** What a run over several models comes to. */
export interface OptimizeSummary {
  /** All models. */
  readonly models: number;
  /** Those with a result. */
  readonly optimized: number;
  /** Those that miss their budget. */
  readonly missed: number;
  /** Those without a result for another reason. */
  readonly failed: number;
  /** Those whose result was known from an earlier run. */
  readonly cached: number;
  /** Nodes of those with a result. */
  readonly nodes: Totals;
  /** Bytes of those with a result, data files included. */
  readonly bytes: Totals;
  /** Seconds from the first to the last. */
  readonly seconds: number;
}

/** `normfold optimize --json`. */
export interface OptimizeDocument extends Envelope<"optimize"> {
  /** One for each model. */
  readonly runs: readonly OptimizeRecord[];
  /** With several models: the sums. */
  readonly summary?: OptimizeSummary;
  /** The exit code of the command. */
  readonly exitCode: number;
}

/** `normfold profile --json`. */
export interface ProfileDocument extends Envelope<"profile">, ProfileReport {
  /** The models, as `models` has them. */
  readonly files: readonly ModelFiles[];
}

/** `normfold check --json`. */
export interface CheckDocument extends Envelope<"check"> {
  /** The model that was compared with. */
  readonly original: ModelFiles;
  /** The model that was judged. */
  readonly result: ModelFiles;
  /** Seconds by stage, in the order they began. */
  readonly secondsByStage: Readonly<Record<string, number>>;
  /** The verdict, and every output. */
  readonly check: ComparisonReport;
  /** What was wanted of the result, and what was found; undefined where nothing was. */
  readonly budget?: BudgetReport;
}

/** `normfold diff --json`. */
export interface DiffDocument extends Envelope<"diff"> {
  /** The first model. */
  readonly before: ModelFiles;
  /** The second model. */
  readonly after: ModelFiles;
  /** What changed from the first to the second. */
  readonly diff: ModelDiff;
}

/** `normfold reduce --json`. */
export interface ReduceDocument extends Envelope<"reduce"> {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written. */
  readonly output: ModelFiles;
  /** The file with the result as text; undefined where the model went to standard output. */
  readonly text: FileRecord | undefined;
  /** Seconds by stage, in the order they began. */
  readonly secondsByStage: Readonly<Record<string, number>>;
  /** What goes wrong, and with how much of the model. */
  readonly report: ReduceReport;
}

/** `normfold inspect --json`. */
export interface InspectDocument extends Envelope<"inspect">, ModelDescription {
  /** The model; data files that are missing are not among its files. */
  readonly file: ModelFiles;
  /** With --parameters: its initializers, and which of them training changes. */
  readonly constants?: readonly ListedConstant[];
}

/** A pass as `normfold passes --json` lists it. */
export interface PassRecord {
  /** Its name. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** The graph that it looks for, in ONNX text. */
  readonly before: string;
  /** The graph that it leaves, in ONNX text. */
  readonly after: string;
  /** How its rewrites may change the numbers. */
  readonly numerics: Numerics;
  /** What they may do to NaN, infinity, -0 and empty tensors. */
  readonly specials?: SpecialEffect | undefined;
  /** The passes that it has to follow or precede, and why. */
  readonly order: "any place" | PassOrder;
  /** Ids of the refusals that are its own. */
  readonly refusals: readonly string[];
}

/** What is known of an operator. */
export interface OperatorRecord {
  /** Its name. */
  readonly operator: StandardOperator;
  /** The opsets that introduced and changed it. */
  readonly since: readonly number[];
  /** Those of them that changed the meaning of existing nodes, or made them invalid. */
  readonly breaking?: readonly number[];
  /** The number of inputs, over all versions. */
  readonly inputs: OperatorCoverage["inputs"];
  /** The number of outputs, over all versions. Default: one. */
  readonly outputs?: OperatorCoverage["inputs"];
  /** The properties that it has for all inputs and attributes. */
  readonly traits?: readonly Trait[];
  /** The second operand that leaves the first unchanged. */
  readonly neutral?: number;
  /** The largest slope of a smooth operator that saturates. */
  readonly steepest?: number;
  /** The inputs that training changes. */
  readonly parameters?: unknown;
  /** The layout of a recurrent layer. */
  readonly recurrence?: unknown;
  /** The name of the work of one run. */
  readonly work?: string;
  /** The name of the bound on its outputs. */
  readonly bound?: string;
  /** Old exporters write it in the standard domain, but no opset has it. */
  readonly experimental?: true;
  /** Its rule, or the reason why there is none, in each facet. */
  readonly facets: OperatorCoverage["facets"];
  /** Attributes that passes write even at their default, by name. */
  readonly spelledOut?: Readonly<Record<string, unknown>>;
}

/** `normfold passes --json`: one of its lists. */
export interface PassesDocument extends Envelope<"passes"> {
  /** The passes, in the order they run. */
  readonly passes?: readonly PassRecord[];
  /** With --gradients: the operators that gradients are written for. */
  readonly gradients?: readonly GradientCoverage[];
  /** With --operators or --operator: what is known of each. */
  readonly operators?: readonly OperatorRecord[];
}

/** `normfold insert --json`. */
export interface InsertDocument extends Envelope<"insert"> {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written; undefined on a dry run. */
  readonly output?: ModelFiles;
  /** Seconds by stage, in the order they began. */
  readonly secondsByStage: Readonly<Record<string, number>>;
  /** The places, and the proof. */
  readonly report: InsertReport;
}

/** `normfold train --json`: a training, or with --list what it would train. */
export type TrainDocument = TrainedDocument | ConstantsDocument;

/** `normfold train --list --json`. */
export interface ConstantsDocument extends Envelope<"train"> {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** Its initializers, and which of them training changes. */
  readonly constants: readonly ListedConstant[];
}

/** What a training gave. */
export interface TrainedDocument extends Envelope<"train"> {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written. */
  readonly output: ModelFiles;
  /** Seconds by stage, in the order they began. */
  readonly secondsByStage: Readonly<Record<string, number>>;
  /** The steps, the parameters, the validations. */
  readonly course: Omit<TrainResult, "model" | "lastLoss"> & {
    /** The loss of the last batch; null where no step was made. */
    readonly lastLoss: number | null;
  };
  /** Running statistics beside those of the data. */
  readonly comparison: StatisticsComparison | undefined;
  /** Loss and accuracy of the result. */
  readonly evaluation: Evaluation | undefined;
  /** With --fold: what optimize did to it. */
  readonly folded: OptimizeReport | undefined;
}

/** Mean and variance of each channel, as plain numbers. */
export interface ChannelNumbers {
  /** By channel. */
  readonly mean: readonly number[];
  /** By channel. */
  readonly variance: readonly number[];
}

/** A calibrated layer, channel by channel. */
export interface CalibratedLayerRecord extends Omit<CalibratedLayer, "before" | "after" | "standardError"> {
  /** The statistics in the model that was given. */
  readonly before: ChannelNumbers;
  /** The statistics in the result. */
  readonly after: ChannelNumbers;
  /** The standard error of the new ones; undefined where there is none. */
  readonly standardError: ChannelNumbers | undefined;
}

/** `normfold calibrate --json`. */
export interface CalibrateDocument extends Envelope<"calibrate"> {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written. */
  readonly output: ModelFiles;
  /** Seconds by stage, in the order they began. */
  readonly secondsByStage: Readonly<Record<string, number>>;
  /** The layers, and what was measured. */
  readonly report: Omit<CalibrationReport, "layers"> & { readonly layers: readonly CalibratedLayerRecord[] };
  /** With --labels: loss and accuracy of both models. */
  readonly accuracy: { readonly before: Evaluation; readonly after: Evaluation } | undefined;
}

/** `normfold freeze --json`. */
export interface FreezeDocument extends Envelope<"freeze"> {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written. */
  readonly output: ModelFiles;
  /** What was frozen. */
  readonly report: FreezeReport;
}

/** `normfold prepare --json`. */
export interface PrepareDocument extends Envelope<"prepare"> {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written. */
  readonly output: ModelFiles;
  /** The changes. */
  readonly report: PrepareReport;
}

/** `normfold lower --json`. */
export interface LowerDocument extends Envelope<"lower">, LowerReport {
  /** The model that was read. */
  readonly input: ModelFiles;
  /** The model that was written. */
  readonly output: ModelFiles;
}

/** `normfold ensemble --json`. */
export interface EnsembleDocument extends Envelope<"ensemble"> {
  /** The members. */
  readonly inputs: readonly ModelFiles[];
  /** The model that was written. */
  readonly output: ModelFiles;
  /** Nodes of its graph. */
  readonly nodes: number;
  /** How far its outputs are from the members' mean; undefined with --no-check. */
  readonly proof?: EnsembleProof;
}

/** What a command that did not fail prints. */
export type CommandDocument =
  | OptimizeDocument
  | CheckDocument
  | DiffDocument
  | ProfileDocument
  | ReduceDocument
  | InspectDocument
  | PassesDocument
  | InsertDocument
  | TrainDocument
  | CalibrateDocument
  | FreezeDocument
  | PrepareDocument
  | LowerDocument
  | EnsembleDocument;

/** The documents by command. */
export type Documents = {
  readonly [Command in CommandDocument["command"]]: Extract<CommandDocument, { readonly command: Command }>;
};

/** A document without the fields that all have. */
export type Content<Command extends keyof Documents> = ContentOf<Documents[Command]>;

/** The same for a document; each of a union by itself. */
export type ContentOf<D> = D extends CommandDocument ? Omit<D, keyof Envelope> : never;
