import { createFacts } from "../analysis/fact-table.js";
import { invariant, present } from "../base/assert.js";
import { defined } from "../base/optional.js";
import { errors as batchnormErrors } from "../batchnorm/errors.js";
import { LABELS } from "../data/bind.js";
import type { Dataset } from "../data/dataset.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import { isFloat } from "../ir/dtype.js";
import type { Model } from "../ir/model.js";
import { pruneUnread } from "../ir/prune.js";
import { decodeNumbers, encodeNumbers } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import { raiseOpset } from "../opset/index.js";
import { encodeToBytes } from "../proto/encode.js";
import { type Runtime, type RuntimeTensor, type TensorMap, tensorSize } from "../runtime/runtime.js";
import { errors } from "./errors.js";
import { addLoss, type Loss, lossTarget } from "./loss.js";
import { trackNormalizations } from "./normalization.js";
import { outputNamed } from "./step.js";

export interface EvaluationOptions {
  readonly loss: Loss;
  readonly output?: string;
  readonly batchSize: number;
  /** Normalize by the statistics that are stored (default), or by those of each batch, as in training. */
  readonly statistics?: "stored" | "batch";
  readonly limit?: number;
  readonly runtime: Runtime;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface Evaluation {
  /** The mean over the samples. */
  readonly loss: number;
  /** undefined for regressions. */
  readonly accuracy: number | undefined;
  readonly samples: number;
}

const LEAST_OPSET = 18;

/** How well a model does on labelled data. Throws as estimateStatistics does for data that does not fit. */
export async function evaluateModel(
  model: Model,
  dataset: Dataset,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { loss, batchSize, runtime, threads, limit, signal } = options;
  const judged = withLoss(model, options);
  const session = await runtime.open(
    { kind: "bytes", bytes: encodeToBytes(judged.model) },
    { optimize: true, ...defined({ threads }) },
  );
  try {
    const wanted = [judged.loss, ...(judged.accuracy === undefined ? [] : [judged.accuracy])];
    let [lossSum, rightSum, samples] = [0, 0, 0];
    const batches = dataset.batches({
      size: batchSize,
      // Batch statistics of a part of a batch are another thing.
      dropLast: options.statistics === "batch",
      ...defined({ limit, signal }),
    });
    for await (const { size, tensors, places } of batches) {
      const labels = labelsOf(tensors, judged.model, judged.labels);
      assertLabels(labels, loss, judged.classes, places);
      const feeds = new Map(tensors).set(judged.labels, labels);
      const outputs = await session.run(feeds, wanted);
      lossSum += scalarOf(outputs, judged.loss) * size;
      if (judged.accuracy !== undefined) rightSum += scalarOf(outputs, judged.accuracy) * size;
      samples += size;
    }
    if (samples === 0) throw batchnormErrors.dataIsSmallerThanBatch(undefined, batchSize);
    const accuracy = judged.accuracy === undefined ? undefined : rightSum / samples;
    return { loss: lossSum / samples, accuracy, samples };
  } finally {
    await session.close();
  }
}

interface Judged {
  readonly model: Model;
  readonly labels: string;
  readonly loss: string;
  readonly accuracy: string | undefined;
  readonly classes: number | undefined;
}

function withLoss(model: Model, { loss, output, statistics = "stored" }: EvaluationOptions): Judged {
  const copy = cloneModel(model);
  if ((copy.opset() ?? 0) < LEAST_OPSET) raiseOpset(copy, LEAST_OPSET);
  const { graph } = copy;
  if (statistics === "batch") trackNormalizations(graph, "all");
  const facts = createFacts(copy);
  const c = { facts, build: new Builder(graph, { prefix: "evaluation_" }) };
  const target = lossTarget(c, outputNamed(graph, output), loss);
  const values = addLoss(c, target, loss);
  for (const value of [values.loss, values.accuracy]) {
    if (value !== undefined)
      value.info = { name: value.name, type: tensorType(facts.dtype(target) ?? "float", []) };
  }
  graph.setOutputs([values.loss, ...(values.accuracy === undefined ? [] : [values.accuracy])]);
  pruneUnread(graph);
  const classes = facts.shape(target)?.[1];
  return {
    model: copy,
    labels: values.labels.name,
    loss: values.loss.name,
    accuracy: values.accuracy?.name,
    classes: loss.kind === "cross-entropy" && typeof classes === "number" ? classes : undefined,
  };
}

/**
 * The labels of a batch in the type of the input `name`, which takes them; one number a sample may be [N] or [N, 1]. Throws
 * "usage" where there are none or they have other sizes.
 */
export function labelsOf(tensors: TensorMap, model: Model, name: string): RuntimeTensor {
  const labels = tensors.get(LABELS);
  if (labels === undefined) throw errors.dataHasNoLabels(LABELS);
  const type = model.graph.inputs.find((input) => input.name === name)?.type;
  const { data, dims } = labels;
  if (type?.kind !== "tensor" || !(data instanceof Uint8Array)) {
    throw errors.labelsAreText();
  }
  const { shape, dtype } = type;
  const fits = (sizes: readonly number[]): boolean =>
    shape === undefined ||
    (shape.length === sizes.length &&
      shape.every((dim, axis) => axis === 0 || typeof dim !== "number" || dim === sizes[axis]));
  const other = dims.at(-1) === 1 ? dims.slice(0, -1) : [...dims, 1];
  const sizes = [dims, other].find(fits);
  if (sizes === undefined) {
    const wanted = shape?.map((dim, axis) => (axis === 0 ? "N" : (dim ?? "?"))).join(",");
    throw errors.labelShapeDiffers(dims, wanted ?? "");
  }
  if (labels.dtype === dtype) return { dtype, dims: sizes, data };
  const numbers = decodeNumbers(labels.dtype, data, tensorSize(dims));
  const broken = isFloat(dtype) ? undefined : numbers.find((value) => !Number.isInteger(value));
  if (broken !== undefined) throw errors.labelIsNotWhole(broken);
  return { dtype, dims: sizes, data: encodeNumbers(dtype, numbers) };
}

/** A class beyond the last would count as no class at all, and nobody would know. */
export function assertLabels(
  labels: RuntimeTensor,
  loss: Loss,
  classes: number | undefined,
  places: ArrayLike<number> | undefined,
): void {
  if (loss.kind !== "cross-entropy" || classes === undefined) return;
  const { dtype, dims, data } = labels;
  if (!(data instanceof Uint8Array)) throw errors.labelsAreText();
  const count = dims.reduce((product, dim) => product * dim, 1);
  const numbers = decodeNumbers(dtype, data, count);
  for (let i = 0; i < count; i++) {
    const label = numbers[i] ?? 0;
    if ((label >= 0 && label < classes && Number.isInteger(label)) || label === loss.ignoreIndex) continue;
    const place = places?.[Math.floor((i * (dims[0] ?? 1)) / count)];
    const sample = place === undefined ? "a sample" : `sample ${place}`;
    throw errors.labelIsNoClass(sample, label, classes);
  }
}

export function scalarOf(outputs: TensorMap, name: string): number {
  const tensor = outputs.get(name);
  invariant(tensor?.data instanceof Uint8Array, `"${name}" is an output of numbers`);
  return present(decodeNumbers(tensor.dtype, tensor.data, 1)[0], "a scalar");
}
