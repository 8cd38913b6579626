import { defined } from "../base/optional.js";
import { differentiateGraph } from "../gradient/differentiate-graph.js";
import { reachFrom } from "../gradient/reach.js";
import type { Builder } from "../ir/builder.js";
import { capturesOf } from "../ir/captures.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { type GradientBuild, onesLike } from "../rules/gradient/support.js";
import { errors } from "./errors.js";

/**
 * Writes out ONNX's preview operator Gradient before the node: the derivatives of `y` by each of `xs`, where `y` is a
 * function of `xs` and `zs` alone. The inputs are the values to take the derivatives at: where they are the values of
 * `xs` and `zs` themselves, the forward values are used again; otherwise the nodes between are copied onto them.
 */
export function lowerGradient(c: GradientBuild, node: Node): readonly (Value | undefined)[] {
  const { build, facts } = c;
  const { graph } = build;
  const xs = namesIn(node, "xs");
  const independent = [...xs, ...namesIn(node, "zs")].map((name) => valueBefore(node, graph, name));
  const y = valueBefore(node, graph, node.string("y") ?? "");
  const at = node.inputs;
  if (xs.length === 0 || at.length !== independent.length) {
    throw errors.gradientInputsDoNotMatch(at.length, independent.length).at({ element: node.label });
  }
  const wanted = independent.slice(0, xs.length);
  const reached = reachFrom(graph, wanted, facts);
  const isSame = independent.every((value, index) => at[index] === value);
  // False if one variable is computed from another: the chain rule would pass through the first, which counts as given.
  const isIndependent = independent.every(({ producer }) => {
    const read = producer === undefined ? [] : [...producer.inputs, ...capturesOf(producer)];
    return !read.some((value) => value !== null && reached.has(value));
  });
  if (isSame && isIndependent) {
    return derivatives(c, y, wanted);
  }
  const values = new Map<Value, Value>();
  independent.forEach((value, index) => {
    const input = at[index];
    if (input === undefined || input === null) {
      throw errors.gradientInputIsMissing(index).at({ element: node.label });
    }
    // The same value may be given for two variables. Each gets an Identity, and so a derivative of its own.
    values.set(value, build.op("Identity", [input]));
  });
  for (const forward of nodesBefore(y, new Set(independent))) copyNode(forward, build, values);
  return derivatives(
    c,
    values.get(y) ?? y,
    wanted.flatMap((value) => values.get(value) ?? []),
  );
}

function derivatives(c: GradientBuild, y: Value, wrt: readonly Value[]): readonly (Value | undefined)[] {
  const seeds = new Map([[y, onesLike(c, y)]]);
  const gradients = differentiateGraph({ ...c, seeds, wrt });
  return wrt.map((value) => gradients.get(value));
}

const utf8 = new TextDecoder();

function namesIn(node: Node, name: string): readonly string[] {
  const attr = node.attribute(name);
  return attr?.kind === "strings" ? attr.value.map((bytes) => utf8.decode(bytes)) : [];
}

/** The nodes that compute `y` from the values that are given, in their order. */
function nodesBefore(y: Value, given: ReadonlySet<Value>): readonly Node[] {
  const found = new Set<Node>();
  const open = [y];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const { producer } = value;
    if (given.has(value) || producer === undefined || found.has(producer)) continue;
    found.add(producer);
    for (const input of producer.inputs) if (input !== null) open.push(input);
  }
  return [...y.graph.nodes()].filter((node) => found.has(node));
}

/** Copies a node onto other inputs. Nodes that do not depend on these are copied too; optimize merges them. */
function copyNode(node: Node, build: Builder, values: Map<Value, Value>): void {
  if (node.subgraphs.length > 0) {
    throw errors.gradientNeedsCopyOfBodies(node.opType).at({ element: node.label });
  }
  const { opType, domain, overload } = node;
  const copy = build.graph.addNode(
    {
      opType,
      ...defined({ domain, overload }),
      inputs: node.inputs.map((value) => (value === null ? null : (values.get(value) ?? value))),
      outputs: node.outputs.map((value) =>
        value === null ? null : build.graph.freshName(`${build.prefix}${value.name}`),
      ),
      attributes: [...node.attributes.values()],
    },
    build.before,
  );
  node.outputs.forEach((value, index) => {
    const output = copy.output(index);
    if (value !== null && output !== undefined && !values.has(value)) values.set(value, output);
  });
}

/** The value of that name, from an input, an initializer or a node before this one. */
function valueBefore(node: Node, graph: Graph, name: string): Value {
  for (const value of [...graph.inputs, ...graph.initializers]) if (value.name === name) return value;
  for (let before = node.previous; before !== undefined; before = before.previous) {
    const found = before.outputs.find((value) => value?.name === name);
    if (found) return found;
  }
  throw errors.gradientNameIsUnknown(name).at({ element: node.label });
}
