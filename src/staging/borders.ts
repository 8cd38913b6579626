import { present } from "../base/assert.js";
import { attribute } from "../ir/attribute.js";
import { Builder } from "../ir/builder.js";
import { type DType, dtypeCode } from "../ir/dtype.js";
import { Graph, type Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { type Dim, tensorType, type ValueType } from "../ir/type.js";
import { carrierOf, elementNames } from "../runtime/carriers.js";
import type { Adaptation } from "./adaptation.js";

/** A type that the runtime's JavaScript interface does not carry, and what carries it instead. */
type Foreign =
  /** Tensors of narrow types go as wider ones. */
  | { readonly kind: "tensor"; readonly dtype: DType; readonly shape: readonly Dim[] | undefined }
  /** A sequence goes in as its elements, and comes out as all their elements in a row, and their sizes. */
  | { readonly kind: "sequence"; readonly dtype: DType; readonly shape: readonly Dim[] | undefined }
  /** An optional value goes in present, and comes out as whether it is present, and what it holds. */
  | { readonly kind: "optional"; readonly element: ValueType };

/**
 * Inputs and outputs that onnxruntime-node does not carry are given as tensors that it does. Both models of a check get the
 * same, so that their outputs can be compared.
 */
export const borders: Adaptation = {
  isNeeded: ({ graph }: Model) =>
    graph.outputs.some((value) => foreign(value.type) !== undefined) ||
    (graph.inputs.some((value) => foreignInput(value) !== undefined) && passedThrough(graph) === undefined),
  apply: ({ graph }: Model) => {
    if (passedThrough(graph) !== undefined) return;
    const into = new Builder(graph, { before: graph.first, prefix: "border_" });
    for (const input of graph.inputs) {
      const type = foreignInput(input);
      if (type !== undefined) carryInput(into, input, type);
    }
    const out = new Builder(graph, { prefix: "border_" });
    graph.outputs.forEach((value, index) => {
      const type = foreign(value.type);
      if (type !== undefined) carryOutput(out, value, index, type);
    });
  },
};

/** An input that is an output too has one name for both, which two values cannot have. */
function passedThrough(graph: Graph): Value | undefined {
  return graph.inputs.find((input) => input.isGraphOutput && foreign(input.type) !== undefined);
}

function foreignInput(input: Value): Foreign | undefined {
  return input.tensor === undefined && input.sparse === undefined ? foreign(input.type) : undefined;
}

function foreign(type: ValueType | undefined): Foreign | undefined {
  if (type?.kind === "tensor") {
    const { dtype, shape } = type;
    return carrierOf(dtype) === dtype ? undefined : { kind: "tensor", dtype, shape };
  }
  if (type?.kind === "sequence" && type.element?.kind === "tensor" && type.element.dtype !== "undefined") {
    return { kind: "sequence", dtype: type.element.dtype, shape: type.element.shape };
  }
  const element = type?.kind === "optional" ? type.element : undefined;
  if (element?.kind !== "tensor" && element?.kind !== "sequence") return undefined;
  return { kind: "optional", element };
}

function carryInput(build: Builder, input: Value, type: Foreign): void {
  const { graph } = build;
  const { name } = input;
  input.rename(graph.freshName(`${name}_inside`));
  graph.replaceUses(input, inside(build, name, type));
  graph.removeInput(input);
}

/** A value of the foreign type, from new inputs. */
function inside(build: Builder, name: string, type: Foreign): Value {
  if (type.kind === "optional") {
    const held = foreign(type.element);
    const element = held === undefined ? given(build.graph, name, type.element) : inside(build, name, held);
    return build.op("Optional", [element]);
  }
  const one = (of: string): Value => {
    const value = given(build.graph, of, tensorType(carrierOf(type.dtype), type.shape));
    return carrierOf(type.dtype) === type.dtype
      ? value
      : build.op("Cast", [value], { to: dtypeCode(type.dtype) });
  };
  return type.kind === "tensor" ? one(name) : build.op("SequenceConstruct", elementNames(name).map(one));
}

function given(graph: Graph, name: string, type: ValueType): Value {
  return graph.addInput({ name, type });
}

function carryOutput(build: Builder, value: Value, index: number, type: Foreign): void {
  const { graph } = build;
  const { name } = value;
  value.rename(graph.freshName(`${name}_inside`));
  const [first, ...others] = outside(build, value, name, type);
  graph.setOutput(index, first);
  for (const other of others) graph.addOutput(other);
}

/** Values that the runtime carries: the first is called `name`, the others by names with a space, which no model has. */
function outside(build: Builder, value: Value, name: string, type: Foreign): readonly [Value, ...Value[]] {
  if (type.kind === "tensor")
    return [build.op("Cast", [value], { to: dtypeCode(carrierOf(type.dtype)) }, name)];
  if (type.kind === "sequence") return flattened(build, value, name, type.dtype);
  const isThere = build.op("OptionalHasElement", [value], {}, `${name} present`);
  const held = foreign(type.element);
  const element = build.op("OptionalGetElement", [value], {}, held === undefined ? name : undefined);
  return held === undefined ? [element, isThere] : [...outside(build, element, name, held), isThere];
}

/** All elements of all tensors of a sequence, and the rank and the sizes of each tensor. */
function flattened(
  build: Builder,
  sequence: Value,
  name: string,
  dtype: DType,
): readonly [Value, ...Value[]] {
  const carrier = carrierOf(dtype);
  const body = new Graph("elements", build.graph);
  const input = (base: string, type: ValueType): Value => {
    const free = body.freshName(`border_${base}`);
    return body.addInput({ name: free, type });
  };
  const [at, goes] = [input("at", tensorType("int64", [])), input("goes", tensorType("bool", []))];
  const elements = input("elements", tensorType(carrier, [undefined]));
  const sizes = input("sizes", tensorType("int64", [undefined]));
  const inner = new Builder(body, { prefix: "border_" });
  const tensor = inner.op("SequenceAt", [sequence, at]);
  const narrow = inner.op("Reshape", [tensor, inner.ints([-1])]);
  const flat = carrier === dtype ? narrow : inner.op("Cast", [narrow], { to: dtypeCode(carrier) });
  const shape = inner.op("Shape", [tensor]);
  body.addOutput(inner.op("Identity", [goes]));
  body.addOutput(inner.op("Concat", [elements, flat], { axis: 0 }));
  body.addOutput(inner.op("Concat", [sizes, inner.op("Shape", [shape]), shape], { axis: 0 }));
  const none =
    carrier === "string"
      ? new Tensor("string", [0], { kind: "strings", values: [] })
      : tensorFromNumbers(carrier, [0], []);
  const node = build.graph.addNode({
    opType: "Loop",
    inputs: [build.op("SequenceLength", [sequence]), null, build.constant(none), build.ints([])],
    outputs: [name, build.graph.freshName(`${name} sizes`)],
    attributes: [attribute("body", { kind: "graph", value: body })],
  });
  return [present(node.output(0), "the elements are named"), present(node.output(1), "the sizes are named")];
}
