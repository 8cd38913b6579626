import { createRandom } from "../../src/base/random.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Graph } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { encodeNumbers, typedView } from "../../src/ir/tensor.js";

export interface Values {
  readonly dtype?: DType;
  readonly seed?: number;
  /** Range of the elements, uniform; without it standard normal. */
  readonly low?: number;
  readonly high?: number;
}

/** Seeded elements of a tensor. The seed comes from the name, so that two tensors never look alike. */
export function elementsOf(name: string, dims: readonly number[], values: Values = {}): number[] {
  const { low, high } = values;
  let seed = values.seed ?? 1;
  for (const char of name) seed = Math.imul(seed, 31) + char.charCodeAt(0);
  const random = createRandom(seed);
  const draw = (): number =>
    low === undefined || high === undefined ? random.normal() : low + random.uniform() * (high - low);
  return Array.from({ length: dims.reduce((size, dim) => size * dim, 1) }, () =>
    Number(draw().toPrecision(6)),
  );
}

/** `float[2,3] W = {...}`: a constant of the text syntax with seeded, never zero, elements. */
export function constant(name: string, dims: readonly number[], values: Values = {}): string {
  return literal(name, dims, elementsOf(name, dims, values), values.dtype);
}

/** A constant with the given elements; float16 and bfloat16 ones become bit patterns, which is how the syntax has them. */
export function literal(
  name: string,
  dims: readonly number[],
  elements: readonly number[],
  dtype: DType = "float",
): string {
  const type = `${dtype}${dims.length === 0 ? "" : `[${dims.join(",")}]`}`;
  const wide = dtype === "float" || dtype === "double" || !dtype.includes("float");
  const numbers = wide ? elements : [...(typedView("uint16", encodeNumbers(dtype, elements)) ?? [])];
  return `${type} ${name} = {${numbers.join(", ")}}`;
}

/** The four parameters of a BatchNormalization over `channels`, none of them neutral. */
export function normalization(prefix: string, channels: number, dtype: DType = "float"): string {
  return [
    constant(`${prefix}_gamma`, [channels], { dtype, low: 0.5, high: 1.5 }),
    constant(`${prefix}_beta`, [channels], { dtype }),
    constant(`${prefix}_mean`, [channels], { dtype }),
    constant(`${prefix}_var`, [channels], { dtype, low: 0.5, high: 2 }),
  ].join(", ");
}

/** `y = BatchNormalization (x, bn_gamma, ...)` */
export function normalize(output: string, input: string, prefix: string, attributes = ""): string {
  const parameters = ["gamma", "beta", "mean", "var"].map((role) => `${prefix}_${role}`).join(", ");
  return `${output} = BatchNormalization ${attributes} (${input}, ${parameters})`;
}

/** A graph's text. */
export function graphText(
  inputs: string,
  constants: readonly string[],
  nodes: string,
  outputs = "y",
): string {
  return `g (${inputs}) => (${outputs}) <${constants.join(", ")}> { ${nodes} }`;
}

/** The same under a model header. */
export function modelText(
  graph: string,
  header: { readonly ir?: number; readonly opset?: number } = {},
): string {
  return `<ir_version: ${header.ir ?? 8}, opset_import: ["" : ${header.opset ?? 17}]> ${graph}`;
}

/** The nodes, one `y = Conv(x, W, b)` a line, bodies indented under their node: what a rewrite made, without attributes. */
export function sketch(model: Model): string[] {
  return [
    ...sketchGraph(model.graph, ""),
    ...model.functions.flatMap((fn) => sketchGraph(fn.body, `${fn.name}: `)),
  ];
}

function sketchGraph(graph: Graph, indent: string): string[] {
  return [...graph.nodes()].flatMap((node) => {
    const inputs = node.inputs.map((value) => value?.name ?? '""').join(", ");
    const outputs = node.outputs.map((value) => value?.name ?? '""').join(", ");
    const bodies = node.subgraphs.flatMap((body) => sketchGraph(body, `${indent}  `));
    return [`${indent}${outputs} = ${node.opType}(${inputs})`, ...bodies];
  });
}
