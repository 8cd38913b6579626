import { createFacts } from "../analysis/fact-table.js";
import { defined } from "../base/optional.js";
import { fixedBatchOf } from "../batchnorm/batch-size.js";
import { errors as batchnormErrors } from "../batchnorm/errors.js";
import { ownNormalizations } from "../batchnorm/layers.js";
import type { Dataset } from "../data/dataset.js";
import { raiseForGradients } from "../gradient/raise-for-gradients.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import type { Model } from "../ir/model.js";
import { pruneUnread } from "../ir/prune.js";
import { tensorType } from "../ir/type.js";
import type { Runtime } from "../runtime/runtime.js";
import { runtimeBytes } from "../staging/form.js";
import { assertLabels, labelsOf } from "./labels.js";
import { addLoss, classesOf, type Loss, lossTarget } from "./loss.js";
import { trackNormalizations } from "./normalization.js";
import { scalarOf } from "./scalar-output.js";
import { outputNamed } from "./step.js";

/** How to judge a model on labelled data. */
export interface EvaluationOptions {
  /** The loss to measure; it determines the form of the labels. */
  readonly loss: Loss;
  /** The output to judge. Default: the first. */
  readonly output?: string;
  /** Samples in a batch. */
  readonly batchSize: number;
  /** Normalize by the stored statistics (default), or by those of each batch, as in training. */
  readonly statistics?: "stored" | "batch";
  /** Use no more samples than this. Default: all. */
  readonly limit?: number;
  /** What runs the model. */
  readonly runtime: Runtime;
  /** Threads within an operator. Default: the runtime's own choice. */
  readonly threads?: number;
  /** Ends the evaluation with its reason as the error. */
  readonly signal?: AbortSignal;
}

/** How well a model does on labelled data. */
export interface Evaluation {
  /** The mean loss of the batches, weighted by their samples. */
  readonly loss: number;
  /** The part of the samples that the model gets right, from 0 to 1; undefined for regressions. */
  readonly accuracy: number | undefined;
  /** The samples that were judged. */
  readonly samples: number;
}

/**
 * Judges a model on labelled data, a batch at a time; a model that fixes its batch is not judged on a last batch that is
 * smaller. Throws "usage" and "invalid" for labels and data that do not fit.
 */
export async function evaluateModel(
  model: Model,
  dataset: Dataset,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { loss, batchSize, runtime, threads, limit, signal } = options;
  const judged = withLoss(model, options);
  const session = await runtime.open(
    { kind: "bytes", bytes: runtimeBytes(judged.model) },
    { optimize: true, ...defined({ threads }) },
  );
  try {
    const wanted = [judged.loss, ...(judged.accuracy === undefined ? [] : [judged.accuracy])];
    let [lossSum, rightSum, samples] = [0, 0, 0];
    const batches = dataset.batches({
      size: batchSize,
      // The statistics of a smaller batch would not be comparable, and a model with a fixed batch cannot run one.
      dropLast: options.statistics === "batch" || fixedBatchOf(model) !== undefined,
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

/** The model with its loss, and the names in it. */
interface JudgedModel {
  readonly model: Model;
  readonly labels: string;
  readonly loss: string;
  readonly accuracy: string | undefined;
  readonly classes: number | undefined;
}

function withLoss(model: Model, { loss, output, statistics = "stored" }: EvaluationOptions): JudgedModel {
  const copy = cloneModel(model);
  raiseForGradients(copy);
  const { graph } = copy;
  if (statistics === "batch") {
    ownNormalizations(copy);
    trackNormalizations(graph, "all");
  }
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
  return {
    model: copy,
    labels: values.labels.name,
    loss: values.loss.name,
    accuracy: values.accuracy?.name,
    classes: classesOf(loss, facts.shape(target)),
  };
}
