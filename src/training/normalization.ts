import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { freezeNormalization } from "../batchnorm/freeze.js";
import { Builder } from "../ir/builder.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import type { Facts } from "../rules/facts.js";
import type { GradientBuild } from "../rules/gradient/support.js";
import { scalarLike } from "../rules/gradient/support.js";
import { errors } from "./errors.js";

/** A BatchNormalization in training form, whose running statistics the step keeps. */
export interface TrackedNormalization {
  /** The node that replaced it and gives the statistics of its batch. */
  readonly node: Node;
  /** The constants that hold the running statistics. */
  readonly running: readonly [mean: RunningStatistic, variance: RunningStatistic];
  /** Mean and biased variance of the batch, as in Algorithm 1. */
  readonly batch: readonly [mean: Value, variance: Value];
  /** ONNX's: the weight of the old value. */
  readonly momentum: number;
}

/** A running mean or variance. */
export interface RunningStatistic {
  /** The initializer. */
  readonly value: Value;
  /** Its stored numbers, [channels]. */
  readonly tensor: Tensor;
}

/**
 * Which normalizations use the statistics of their batch: those in training form ("training"), or those in inference
 * form too ("all"), for training a finished network further.
 */
export type BatchStatistics = "training" | "all";

/** True where `freeze` accepts the name of the running mean or variance: the layer then keeps both. */
function hasFrozenStatistics(node: Node, freeze: (name: string) => boolean): boolean {
  return [3, 4].some((index) => freeze(node.input(index)?.name ?? ""));
}

/** Makes normalizations in training form with frozen statistics normalize by these, in place. */
export function keepFrozenStatistics(model: Model, freeze: (name: string) => boolean): void {
  const facts = createFacts(model);
  for (const node of [...model.graph.nodes()]) {
    const isTraining = node.is("BatchNormalization") && node.int("training_mode", 0) === 1;
    if (isTraining && hasFrozenStatistics(node, freeze)) freezeNormalization(model.graph, node, facts);
  }
}

/**
 * Makes BatchNormalizations give the statistics of their batch alone (momentum 0), because the step keeps the moving
 * averages outside of them, where it guards them against bad batches. Those with frozen statistics stay as they are. Throws "unsupported" where a normalization has no running statistics of its own, or
 * they are no constants.
 */
export function trackNormalizations(
  graph: Graph,
  which: BatchStatistics,
  freeze: (name: string) => boolean = () => false,
): readonly TrackedNormalization[] {
  const tracked: TrackedNormalization[] = [];
  const seen = new Set<Value>();
  for (const node of [...graph.nodes()]) {
    if (!node.is("BatchNormalization")) continue;
    if (which === "training" && node.int("training_mode", 0) !== 1) continue;
    if (hasFrozenStatistics(node, freeze)) continue;
    const running = [statistic(node, 3, seen), statistic(node, 4, seen)] as const;
    const build = new Builder(graph, { before: node, prefix: `${node.key}_` });
    const [anyMean, anyVariance] = placeholders(build, node);
    const { name, docString, metadata } = node;
    const twin = graph.addNode(
      {
        opType: "BatchNormalization",
        ...{ name, docString, metadata },
        inputs: [...node.inputs.slice(0, 3), anyMean, anyVariance],
        outputs: ["y", "batch_mean", "batch_variance"].map((part) => graph.freshName(`${node.key}_${part}`)),
        attributes: {
          epsilon: { kind: "float", value: node.float("epsilon", 1e-5) },
          momentum: { kind: "float", value: 0 },
          training_mode: 1,
        },
      },
      node,
    );
    const outputOf = (index: number): Value =>
      present(twin.output(index), "the training form has three outputs");
    const [y, mean, variance] = [outputOf(0), outputOf(1), outputOf(2)];
    const old = present(node.output(0), "a BatchNormalization has an output");
    [y, mean, variance].forEach((value, index) => {
      const before = node.output(index);
      if (before === undefined) return;
      for (const use of [...before.uses]) {
        if (use.kind === "node") use.node.setInput(use.index, value);
        else if (use.kind === "output") use.graph.setOutput(use.index, value);
      }
    });
    tracked.push({ node: twin, running, batch: [mean, variance], momentum: node.float("momentum", 0.9) });
    graph.removeNode(node);
    const label = old.name;
    if (!graph.scope.isTaken(label)) y.rename(label);
  }
  return tracked;
}

/**
 * The inputs for the old statistics, which do not count with momentum 0. They are taken from the layer's own input,
 * because onnxruntime overwrites them in place with the new statistics, even constants, and shares constants of equal
 * content: layers of equal width would read each other's statistics, and a NaN would stay for good.
 */
function placeholders(build: Builder, node: Node): readonly [Value, Value] {
  const x = present(node.input(0), "a BatchNormalization has an input");
  const sample = build.op("Gather", [x, build.int(0)], { axis: 0n });
  const rows = build.op("Reshape", [sample, build.ints([0, -1])]);
  const column = build.op("Gather", [rows, build.int(0)], { axis: 1n });
  return [column, build.op("Neg", [column])];
}

function statistic(node: Node, index: number, seen: Set<Value>): RunningStatistic {
  const value = node.input(index);
  const which = index === 3 ? "mean" : "variance";
  if (value?.tensor === undefined || value.producer !== undefined) {
    throw errors.runningStatisticIsNotConstant(which).at({ element: node.label });
  }
  if (seen.has(value)) {
    throw errors.runningStatisticIsShared(which, value.name).at({ element: node.label });
  }
  seen.add(value);
  return { value, tensor: value.tensor };
}

/**
 * Writes the normalizations of rank 2 out in small operators, because on matrices onnxruntime's BatchNormalization
 * takes three times as long. This comes after the gradients, which then read the same batch statistics.
 */
export function writeOutDense(graph: Graph, facts: Facts): void {
  for (const node of [...graph.nodes()]) {
    if (!node.is("BatchNormalization") || node.int("training_mode", 0) !== 1) continue;
    const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
    if (x === undefined || scale === undefined || bias === undefined || facts.rank(x) !== 2) continue;
    const build = new Builder(graph, { before: node, prefix: `${node.key}_` });
    const c: GradientBuild = { facts, build };
    const axis = build.ints([0]);
    const mean = build.op("ReduceMean", [x, axis], { keepdims: 0n });
    const centred = build.op("Sub", [x, mean]);
    const variance = build.op("ReduceMean", [build.op("Mul", [centred, centred]), axis], { keepdims: 0n });
    const epsilon = scalarLike(c, node.float("epsilon", 1e-5), x);
    const inverse = build.op("Reciprocal", [build.op("Sqrt", [build.op("Add", [variance, epsilon])])]);
    const scaled = build.op("Mul", [centred, build.op("Mul", [scale, inverse])]);
    const y = build.op("Add", [scaled, bias]);
    [y, mean, variance].forEach((value, index) => {
      const before = node.output(index);
      if (before !== undefined) graph.replaceUses(before, value);
    });
    graph.removeNode(node);
  }
}
