import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { GRADIENT_OPSET, raiseForGradients } from "../gradient/raise-for-gradients.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import { dtypeCode } from "../ir/dtype.js";
import { canReplace, type Graph, type Node, type Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { castLike, type GradientBuild, scalarLike } from "../rules/gradient/support.js";
import type { Runtime } from "../runtime/runtime.js";
import { runtimeBytes } from "../staging/form.js";
import { errors } from "./errors.js";
import { lowerGradient } from "./lower-gradient.js";

/** ONNX's domain of operators for training. No runtime has them. */
const PREVIEW = "ai.onnx.preview.training";

/** Gives the results of a node, output by output; undefined for an output that the node does not have. */
type Lowering = (c: GradientBuild, node: Node) => readonly (Value | undefined)[];

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  Gradient: lowerGradient,
  Adagrad: lowerAdagrad,
  Adam: lowerAdam,
  Momentum: lowerMomentum,
};

/**
 * Replaces ONNX's preview operators for training (Gradient, Adagrad, Adam, Momentum) by standard operators in a copy of
 * the model, by the formulas of their specification, so that any runtime can run it. Names of values stay. A model
 * below opset 18 is raised to it. A model without such operators comes back as a copy.
 *
 * Throws NormfoldError "unsupported" for a Gradient that cannot be written out, for an unknown operator of
 * that domain, and for one in a function of the model's own; "invalid" for a node that does not follow the
 * specification.
 */
export function lowerPreviewTraining(model: Model): Model {
  const copy = cloneModel(model);
  if (![...copy.nodes()].some(isPreviewTraining)) return copy;
  for (const { name, body } of copy.functions) {
    const found = [...body.withSubgraphs()].flatMap((graph) => [...graph.nodes()]).find(isPreviewTraining);
    if (found === undefined) continue;
    throw errors.previewOperatorInFunction(found.opType, name).at({ element: found.label });
  }
  if (copy.opset() === undefined) {
    copy.opsetImports = [...copy.opsetImports, { domain: "", version: GRADIENT_OPSET }];
  }
  raiseForGradients(copy);
  for (const graph of [...copy.graph.withSubgraphs()]) {
    for (const node of [...graph.nodes()]) if (isPreviewTraining(node)) lowerNode(copy, graph, node);
  }
  copy.opsetImports = copy.opsetImports.filter(({ domain }) => domain !== PREVIEW);
  return copy;
}

/** True for a node of ONNX's preview domain for training, ai.onnx.preview.training. */
export function isPreviewTraining({ domain }: Node): boolean {
  return domain === PREVIEW;
}

/**
 * Loads the model in the runtime. Throws "unsupported" and "invalid" with the runtime's reason where it does not load.
 */
export async function loadIn(runtime: Runtime, model: Model): Promise<void> {
  const session = await runtime.open({ kind: "bytes", bytes: runtimeBytes(model) });
  await session.close();
}

function lowerNode(model: Model, graph: Graph, node: Node): void {
  const lowering = LOWERINGS[node.opType];
  if (lowering === undefined) {
    const known = Object.keys(LOWERINGS);
    throw errors.previewOperatorIsUnknown(node.opType, known).at({ element: node.label });
  }
  const build = new Builder(graph, { before: node, prefix: `${node.key}_` });
  const results = lowering({ facts: createFacts(model), build }, node);
  const labels: [Value, string][] = [];
  node.outputs.forEach((old, index) => {
    const result = results[index];
    if (old === null || result === undefined) return;
    // The result may be a value that other nodes read under its own name.
    const value = build.op("Identity", [result]);
    if (!canReplace(old, value)) {
      throw errors.previewOutputIsPinned(old.name).at({ element: node.label });
    }
    value.info = old.info;
    labels.push([value, old.name]);
    graph.replaceUses(old, value);
  });
  graph.removeNode(node);
  for (const [value, name] of labels) if (value.name !== name) value.rename(name);
}

/** The tensors of one optimized variable: itself, its gradient, and the optimizer's tensors (slots). */
type Group = readonly [x: Value, gradient: Value, ...slots: Value[]];

interface OptimizerNode {
  readonly rate: Value;
  readonly time: Value;
  readonly groups: readonly Group[];
}

/** Reads the inputs: R, T, then all X, all gradients, and all of each slot. */
function readOptimizer(node: Node, slots: number): OptimizerNode {
  const [rate, time, ...tensors] = node.inputs;
  const width = 2 + slots;
  const count = tensors.length / width;
  const groups = Array.from({ length: Math.floor(count) }, (_, index): Group | undefined => {
    const [x, gradient, ...kept] = Array.from({ length: width }, (__, part) => tensors[part * count + index]);
    const isWhole = kept.every((value) => value !== null && value !== undefined);
    return x && gradient && isWhole ? [x, gradient, ...kept.filter((value) => !!value)] : undefined;
  }).filter((group) => group !== undefined);
  if (!rate || !time || groups.length === 0 || groups.length !== count) {
    const error = errors.optimizerInputsDoNotMatch(node.opType, width, node.inputs.length);
    throw error.at({ element: node.label });
  }
  return { rate, time, groups };
}

/** The outputs in the order of the operators: all new X, then all of each slot. */
function inOrder(updates: readonly (readonly Value[])[]): readonly (Value | undefined)[] {
  const parts = updates[0]?.length ?? 0;
  return Array.from({ length: parts }, (_, part) => updates.map((update) => update[part])).flat();
}

/** The gradient of the loss and of 0.5 * norm_coefficient * ||X||^2. */
function regularized(c: GradientBuild, node: Node, x: Value, gradient: Value): Value {
  const coefficient = node.float("norm_coefficient", 0);
  if (coefficient === 0) return gradient;
  return c.build.op("Add", [c.build.op("Mul", [x, scalarLike(c, coefficient, x)]), gradient]);
}

function lowerAdagrad(c: GradientBuild, node: Node): readonly (Value | undefined)[] {
  const { build } = c;
  const { rate, time, groups } = readOptimizer(node, 1);
  const decay = node.float("decay_factor", 0);
  const epsilon = node.float("epsilon", 1e-6);
  return inOrder(
    groups.map(([x, gradient, h]) => {
      const r = castLike(c, rate, x);
      const count = castLike(c, time, x);
      const slower = build.op("Add", [
        scalarLike(c, 1, x),
        build.op("Mul", [count, scalarLike(c, decay, x)]),
      ]);
      const step = decay === 0 ? r : build.op("Div", [r, slower]);
      const g = regularized(c, node, x, gradient);
      const sum = build.op("Add", [slotOf(h), build.op("Mul", [g, g])]);
      const size = build.op("Add", [build.op("Sqrt", [sum]), scalarLike(c, epsilon, x)]);
      return [build.op("Sub", [x, build.op("Div", [build.op("Mul", [step, g]), size])]), sum];
    }),
  );
}

function lowerAdam(c: GradientBuild, node: Node): readonly (Value | undefined)[] {
  const { build } = c;
  const { rate, time, groups } = readOptimizer(node, 2);
  const alpha = node.float("alpha", 0.9);
  const beta = node.float("beta", 0.999);
  const epsilon = node.float("epsilon", 1e-6);
  const post = node.float("norm_coefficient_post", 0);
  const correction = adamCorrection(c, time, alpha, beta);
  return inOrder(
    groups.map(([x, gradient, v, h]) => {
      const scalar = (value: number): Value => scalarLike(c, value, x);
      const blend = (old: Value, fresh: Value, share: number): Value =>
        build.op("Add", [build.op("Mul", [old, scalar(share)]), build.op("Mul", [fresh, scalar(1 - share)])]);
      const g = regularized(c, node, x, gradient);
      const average = blend(slotOf(v), g, alpha);
      const squares = blend(slotOf(h), build.op("Mul", [g, g]), beta);
      const size = build.op("Add", [build.op("Sqrt", [squares]), scalar(epsilon)]);
      const step = build.op("Mul", [castLike(c, rate, x), castLike(c, correction, x)]);
      const moved = build.op("Sub", [x, build.op("Div", [build.op("Mul", [step, average]), size])]);
      const final = post === 0 ? moved : build.op("Mul", [moved, scalar(1 - post)]);
      return [final, average, squares];
    }),
  );
}

/** Sqrt(1 - beta^T) / (1 - alpha^T), and 1 at T = 0. In float64: 1 - beta^T loses half of the digits of a float32. */
function adamCorrection(c: GradientBuild, time: Value, alpha: number, beta: number): Value {
  const { build } = c;
  const double = (value: number): Value => build.scalar(value, "double");
  const count = build.op("Cast", [time], { to: BigInt(dtypeCode("double")) });
  const rest = (base: number): Value => build.op("Sub", [double(1), build.op("Pow", [double(base), count])]);
  const factor = build.op("Div", [build.op("Sqrt", [rest(beta)]), rest(alpha)]);
  return build.op("Where", [build.op("Greater", [count, double(0)]), factor, double(1)]);
}

function lowerMomentum(c: GradientBuild, node: Node): readonly (Value | undefined)[] {
  const { build } = c;
  const { rate, time, groups } = readOptimizer(node, 1);
  const { alpha, beta, mode } = {
    alpha: node.float("alpha"),
    beta: node.float("beta"),
    mode: node.string("mode"),
  };
  if (alpha === undefined || beta === undefined || (mode !== "standard" && mode !== "nesterov")) {
    throw errors.momentumAttributesAreMissing().at({ element: node.label });
  }
  const isFirst = build.op("Not", [build.op("Greater", [time, build.op("CastLike", [build.int(0), time])])]);
  return inOrder(
    groups.map(([x, gradient, v]) => {
      const g = regularized(c, node, x, gradient);
      const share = build.op("Where", [isFirst, scalarLike(c, 1, x), scalarLike(c, beta, x)]);
      const decayed = build.op("Mul", [slotOf(v), scalarLike(c, alpha, x)]);
      const velocity = build.op("Add", [decayed, build.op("Mul", [share, g])]);
      const direction =
        mode === "standard"
          ? velocity
          : build.op("Add", [g, build.op("Mul", [velocity, scalarLike(c, alpha, x)])]);
      return [build.op("Sub", [x, build.op("Mul", [castLike(c, rate, x), direction])]), velocity];
    }),
  );
}

function slotOf(value: Value | undefined): Value {
  return present(value, "the groups of an optimizer are complete");
}
