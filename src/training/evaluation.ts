import { createFacts } from "../analysis/fact-table.js";
import { defined } from "../base/optional.js";
import { errors as batchnormErrors } from "../batchnorm/errors.js";
import type { Dataset } from "../data/dataset.js";
import { raiseForGradients } from "../gradient/raise-for-gradients.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import type { Model } from "../ir/model.js";
import { pruneUnread } from "../ir/prune.js";
import { tensorType } from "../ir/type.js";
import { encodeToBytes } from "../proto/encode.js";
import type { Runtime } from "../runtime/runtime.js";
import { assertLabels, labelsOf } from "./labels.js";
import { addLoss, type Loss, lossTarget } from "./loss.js";
import { trackNormalizations } from "./normalization.js";
import { scalarOf } from "./scalar-output.js";
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
  raiseForGradients(copy);
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
