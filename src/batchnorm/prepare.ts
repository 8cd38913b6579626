import { createFacts } from "../analysis/fact-table.js";
import { createRandom, type Random } from "../base/random.js";
import type { Refusal } from "../base/refusal.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import { canReplace, type Graph, type Node, type Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { pruneUnread } from "../ir/prune.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { isNonlinearity } from "./activations.js";
import { removeDropout } from "./dropout.js";
import { errors } from "./errors.js";
import { insertBatchNorm } from "./insert.js";
import type { InsertReport } from "./insert-report.js";
import { refusals } from "./refusals.js";

/** A published set of changes to a network. */
export type Recipe = "batchnorm-paper";

/** All recipes. */
export const RECIPES: readonly Recipe[] = ["batchnorm-paper"];

/** How to carry out a recipe. */
export interface PrepareOptions {
  /** Seed of the new kernels' random values. Default 0. */
  readonly seed?: number;
  /** The form of the normalizations. Default "training". */
  readonly form?: "training" | "inference";
}

/** One kind of change. Each changes the function on purpose. */
export interface PrepareStep {
  /** What was changed, and why. */
  readonly change: string;
  /** The nodes that were changed. */
  readonly nodes: readonly string[];
}

/** A node that the recipe names and that was left as it is, and the reason. */
export interface KeptNode {
  /** The node's operator and name. */
  readonly node: string;
  /** Names the kind of reason; stays the same where the sentence is reworded. */
  readonly id: string;
  /** One sentence for the user. */
  readonly reason: string;
}

/** What carrying out a recipe did. Plain data. */
export interface PrepareReport {
  /** The recipe that was carried out. */
  readonly recipe: Recipe;
  /** The changes, in their order. */
  readonly steps: readonly PrepareStep[];
  /** The nodes that the recipe names and that were left as they are. */
  readonly kept: readonly KeptNode[];
  /** The insertion of the normalizations. */
  readonly inserted: InsertReport;
  /** Advice of the recipe that concerns the settings of the training. */
  readonly settings: readonly string[];
}

/** The training advice of section 4.2.1 of Ioffe & Szegedy 2015. */
const SETTINGS: readonly string[] = [
  "raise the learning rate: the paper's BN-x5 and BN-x30 use 5 and 30 times the plain network's",
  "divide the weight decay by 5",
  "let the learning rate decay 6 times faster",
  "shuffle the samples anew in every round",
  "distort images less: each is seen fewer times",
];

/** The paper's limit for the two convolutions that replace one of 5x5. */
const MAX_FILTERS = 128;

/** A model that a recipe changed, and the report. */
export interface PrepareResult {
  /** A changed copy of the model that was given. */
  readonly model: Model;
  /** What was done. */
  readonly report: PrepareReport;
}

/**
 * Changes a copy of a network as Ioffe & Szegedy 2015, section 4.2.1, do: Dropout and LRN are removed, every 5x5 Conv
 * becomes two of 3x3 with up to 128 filters between and new random kernels, and BatchNormalization is inserted before
 * the nonlinearities (init fresh). The result computes another function and has to be trained. Throws "usage" for an
 * unknown recipe, and as insertBatchNorm does.
 */
export async function prepare(
  model: Model,
  recipe: Recipe,
  options: PrepareOptions = {},
): Promise<PrepareResult> {
  if (!RECIPES.includes(recipe)) throw errors.unknownRecipe(recipe, RECIPES);
  const copy = cloneModel(model);
  const { graph } = copy;
  const steps: PrepareStep[] = [];
  const kept: KeptNode[] = [];
  const note = (change: string, nodes: readonly string[]): void => {
    if (nodes.length > 0) steps.push({ change, nodes });
  };
  const dropouts = [...graph.nodes()].filter((node) => node.is("Dropout")).map((node) => node.label);
  removeDropout(graph);
  note("Dropout is removed: batch statistics regularize", dropouts);
  note("LRN is removed: it has no benefit beside batch normalization", removeAll(graph, "LRN", kept));
  note(
    "5x5 Conv becomes two 3x3 Convs with new kernels",
    splitKernels(graph, createRandom(options.seed ?? 0), kept, createFacts(copy)),
  );
  pruneUnread(graph);
  const { model: normalized, report } = await insertBatchNorm(copy, {
    init: "fresh",
    form: options.form ?? "training",
  });
  note(
    "BatchNormalization goes before nonlinearities",
    report.sites.map(({ name }) => name),
  );
  return { model: normalized, report: { recipe, steps, kept, inserted: report, settings: SETTINGS } };
}

function removeAll(graph: Graph, opType: StandardOperator, kept: KeptNode[]): readonly string[] {
  const removed: string[] = [];
  for (const node of [...graph.nodes()]) {
    const [input, output] = [node.input(0), node.output(0)];
    if (!node.is(opType) || input === undefined || output === undefined) continue;
    if (!canReplace(output, input)) {
      kept.push(keptNode(node, refusals.removedResultIsModelOutput(output.name)));
      continue;
    }
    graph.replaceUses(output, input);
    graph.removeNode(node);
    removed.push(node.label);
  }
  return removed;
}

function splitKernels(graph: Graph, random: Random, kept: KeptNode[], facts: Facts): readonly string[] {
  const split: string[] = [];
  for (const node of [...graph.nodes()]) {
    if (!node.is("Conv")) continue;
    const weight = constantTensor(node.input(1));
    const kernel = node.ints("kernel_shape") ?? weight?.dims.slice(2);
    if (kernel?.length !== 2 || kernel.some((size) => size !== 5)) continue;
    const refusal = whyNotSplit(node, weight);
    // A nonlinearity with a slope per filter does not fit another number of filters.
    const activation = node
      .output(0)
      ?.users.find((user) => isNonlinearity(user, facts) && user.inputs.length === 1);
    if (refusal !== undefined || weight === undefined) {
      kept.push(keptNode(node, refusal ?? refusals.kernelIsNotConstant()));
      continue;
    }
    splitOne(graph, node, weight, activation, random);
    split.push(node.label);
  }
  return split;
}

function keptNode({ label }: Node, { id, reason }: Refusal): KeptNode {
  return { node: label, id, reason };
}

function whyNotSplit(node: Node, weight: Tensor | undefined): Refusal | undefined {
  if (weight === undefined) return refusals.kernelIsNotConstant();
  if (weight.dtype !== "float" && weight.dtype !== "double") {
    return refusals.kernelTypeIsNotSplit(weight.dtype);
  }
  if (node.int("group", 1) !== 1) return refusals.convolutionHasGroups();
  if (node.ints("dilations")?.some((dilation) => dilation !== 1)) return refusals.convolutionIsDilated();
  const auto = node.string("auto_pad", "NOTSET");
  return auto === "NOTSET" || auto === "VALID" ? undefined : refusals.autoPadIsNotShared(auto);
}

/**
 * C -> min(M, 128) -> M, with the layer's nonlinearity between. Each takes half of the padding, so that the output
 * keeps its size.
 */
function splitOne(
  graph: Graph,
  node: Node,
  weight: Tensor,
  activation: Node | undefined,
  random: Random,
): void {
  const [filters = 0, channels = 0] = weight.dims;
  const middle = Math.min(filters, MAX_FILTERS);
  const build = new Builder(graph, { before: node, prefix: `${node.key}_` });
  const kernel = (to: number, from: number, part: string): Value => {
    const std = Math.sqrt(2 / (from * 9));
    const values = Float64Array.from({ length: to * from * 9 }, () => random.normal() * std);
    return build.constant(tensorFromNumbers(weight.dtype, [to, from, 3, 3], values), `${node.key}_${part}`);
  };
  const pads = node.ints("pads") ?? [0, 0, 0, 0];
  const first = build.op(
    "Conv",
    [node.input(0) ?? null, kernel(middle, channels, "first")],
    { kernel_shape: [3, 3], pads: pads.map((pad) => Math.ceil(pad / 2)) },
    `${node.key}_3x3`,
  );
  // Without a nonlinearity the two would be one linear map of 5x5 again; the paper uses Relu.
  const twin =
    activation === undefined
      ? build.op("Relu", [first])
      : graph
          .addNode(
            {
              opType: activation.opType,
              domain: activation.domain,
              inputs: [first],
              outputs: [graph.freshName(`${node.key}_3x3_activated`)],
              attributes: [...activation.attributes.values()],
            },
            node,
          )
          .output(0);
  node.setInput(0, twin ?? first);
  node.setInput(1, kernel(filters, middle, "second"));
  node.set({ name: "kernel_shape", kind: "ints", value: [3n, 3n] });
  node.set({ name: "pads", kind: "ints", value: pads.map((pad) => BigInt(Math.floor(pad / 2))) });
}
