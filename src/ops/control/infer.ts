import type { Graph } from "../../ir/graph.js";
import type { MaybeDim } from "../../rules/dims.js";
import { type FacetTable, opaque } from "../../rules/facet.js";
import {
  type BodyInputRule,
  type Conclusion,
  type FactType,
  type InferContext,
  type InferRule,
  tensorConclusion,
  typeConclusion,
} from "../../rules/fact.js";
import { isTensor, joinConclusions, joinTypes, normalAxis } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** The axes of a Scan; negative ones count from the back. */
const axisAt = (c: InferContext, attribute: string, index: number): number => c.ints(attribute)?.[index] ?? 0;

const branch: InferRule = (c) => {
  const yes = c.graph("then_branch");
  const no = c.graph("else_branch");
  if (yes === undefined || no === undefined) return c.reject("a branch is missing");
  const condition = c.numbers(0)?.[0];
  return c.node.outputs.map((_, index) => {
    if (condition !== undefined) return c.bodyFact((condition !== 0 ? yes : no).outputs[index]);
    return joinConclusions(c.bodyFact(yes.outputs[index]), c.bodyFact(no.outputs[index]));
  });
};

/** A type without its sizes: they may change from one iteration to the next, the element type may not. */
function sizeless(type: FactType<MaybeDim> | undefined): FactType<MaybeDim> | undefined {
  if (type === undefined) return undefined;
  if (isTensor(type)) return { kind: type.kind, dtype: type.dtype, shape: undefined };
  return type.kind === "sequence" ? { kind: "sequence", element: sizeless(type.element) } : undefined;
}

/** Body inputs: iteration number, condition, carried values. The first two are scalars, or [1] where declared so. */
const loopBodyInput: BodyInputRule = (c, body, index) => {
  if (index === 0) return tensorConclusion("int64", undefined);
  if (index === 1) return tensorConclusion("bool", undefined);
  const isInvariant = body.outputs[index - 1] === body.inputs[index];
  return typeConclusion(isInvariant ? c.type(index) : sizeless(c.type(index)));
};

/** The outputs are the carried values, then the stacked scan outputs of all iterations. Without iterations the carried values are the initial ones. */
const loop: InferRule = (c) => {
  const body = c.graph("body");
  if (body === undefined) return c.reject("the body is missing");
  const carried = body.inputs.length - 2;
  return c.node.outputs.map((_, index) => {
    const result = c.escaped(body.outputs[index + 1]);
    if (index < carried) {
      const isInvariant = body.outputs[index + 1] === body.inputs[index + 2];
      const initial = c.type(index + 2);
      if (isInvariant) return typeConclusion(initial);
      return typeConclusion(joinTypes(initial, result?.type) ?? sizeless(initial));
    }
    return stacked(result, undefined, 0);
  });
};

/** The sizes of one iteration's result with one more axis, in front or inside. */
function stacked(result: Conclusion | undefined, length: MaybeDim, axis: number): Conclusion | undefined {
  if (result === undefined || !isTensor(result.type)) return undefined;
  const { dtype, shape } = result.type;
  const at = shape === undefined ? undefined : normalAxis(axis, shape.length + 1);
  if (shape === undefined || at === undefined) return tensorConclusion(dtype, undefined);
  return tensorConclusion(dtype, [...shape.slice(0, at), length, ...shape.slice(at)]);
}

/** Nothing is concluded for opset 8, which had a batch axis and another first input. */
function scanStates(c: InferContext): number | undefined {
  const scanned = c.int("num_scan_inputs");
  return c.opset < 9 || scanned === undefined ? undefined : c.node.inputs.length - scanned;
}

/** State variables keep type and shape through all iterations; scanned inputs lose their axis. */
const scanBodyInput: BodyInputRule = (c, _body: Graph, index) => {
  const states = scanStates(c);
  if (states === undefined) return undefined;
  if (index < states) return typeConclusion(c.type(index));
  const shape = c.shape(index);
  const axis = normalAxis(axisAt(c, "scan_input_axes", index - states), shape?.length);
  return tensorConclusion(
    c.dtype(index),
    axis === undefined ? undefined : shape?.filter((_, at) => at !== axis),
  );
};

const scan: InferRule = (c) => {
  const body = c.graph("body");
  const states = scanStates(c);
  if (body === undefined || states === undefined) return [];
  const scanned = c.shape(states);
  const axis = normalAxis(axisAt(c, "scan_input_axes", 0), scanned?.length);
  const length = axis === undefined ? undefined : scanned?.[axis];
  return c.node.outputs.map((_, index) => {
    if (index < states) return typeConclusion(c.type(index));
    return stacked(c.escaped(body.outputs[index]), length, axisAt(c, "scan_output_axes", index - states));
  });
};

const elementOf = (type: FactType<MaybeDim> | undefined): FactType<MaybeDim> | undefined =>
  type?.kind === "sequence" ? type.element : type;

const sequenceMapBodyInput: BodyInputRule = (c, _body, index) => typeConclusion(elementOf(c.type(index)));

const sequenceMap: InferRule = (c) => {
  const body = c.graph("body");
  if (body === undefined) return c.reject("the body is missing");
  return c.node.outputs.map((_, index) => ({
    type: { kind: "sequence", element: c.escaped(body.outputs[index])?.type },
  }));
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  If: branch,
  Loop: loop,
  Scan: scan,
  SequenceMap: sequenceMap,
};

/** The operators with bodies. If gives its bodies no inputs. */
export const bodyInputs: FacetTable<keyof typeof OPERATORS, BodyInputRule> = {
  If: opaque("its bodies have no inputs"),
  Loop: loopBodyInput,
  Scan: scanBodyInput,
  SequenceMap: sequenceMapBodyInput,
};
