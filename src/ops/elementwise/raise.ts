import { DTYPES, dtypeCode } from "../../ir/dtype.js";
import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import { dropConsumed } from "../../rules/raise/steps.js";
import { refusals as shared } from "../../rules/refusals.js";
import { fromFront } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Selu 6 has defaults of more digits. */
function seluDefaults(at: RaiseContext): void {
  dropConsumed(at);
  at.setDefault("alpha", { kind: "float", value: Math.fround(1.6732) });
  at.setDefault("gamma", { kind: "float", value: Math.fround(1.0507) });
}

/** Cast 6 names its type by number. */
function castCode(at: RaiseContext): void {
  const type = at.string("to", "").toLowerCase();
  const dtype = DTYPES.find((known) => known === type);
  if (dtype === undefined) at.refuse(refusals.castTypeIsUnknown(type));
  at.set("to", dtypeCode(dtype));
}

/** Opset 7 broadcasts as NumPy does, from the last axis on; before, an attribute chose the axis. */
function binaryBroadcast(at: RaiseContext): void {
  const { node } = at;
  if (at.int("broadcast", 0) !== 0 && node.attributes.has("axis")) {
    const rank = at.rank(0);
    const inner = at.rank(1);
    if (rank === undefined || inner === undefined) at.refuse(shared.operandRanksAreUnknown());
    const axis = at.int("axis", 0);
    const missing = rank - inner - fromFront(axis, rank);
    if (missing > 0 && inner > 0) unsqueezeBehind(at, inner, missing);
  }
  node.unset("broadcast");
  node.unset("axis");
}

/** PRelu 7: a slope for each channel is aligned from the last axis on, like any other. */
function preluBroadcast(at: RaiseContext): void {
  const rank = at.rank(0);
  const slope = at.know(1)?.shape;
  if (slope === undefined || rank === undefined) at.refuse(shared.operandRanksAreUnknown());
  if (slope.length === 1 && slope[0] !== 1 && rank > 2) unsqueezeBehind(at, 1, rank - 2);
}

/** Gives input 1, of rank `rank`, `count` more axes of size 1 at its end. */
function unsqueezeBehind(at: RaiseContext, rank: number, count: number): void {
  const axes = Array.from({ length: count }, (_, i) => rank + i);
  at.node.setInput(
    1,
    at.op("Unsqueeze", [at.input(1) ?? null], { axes: { kind: "ints", value: axes.map(BigInt) } }),
  );
}

/** Clip 11: the bounds are inputs of the type of the data. */
function clipInputs(at: RaiseContext): void {
  const min = at.takeFloatLike("min", 0);
  const max = at.takeFloatLike("max", 0);
  if (min !== undefined) at.node.setInput(1, min);
  if (max !== undefined) at.node.setInput(2, max);
}

/** Erf 13 is for floats alone. */
function erfType(at: RaiseContext): void {
  const dtype = at.know(0)?.dtype;
  if (dtype !== undefined && /^u?int/.test(dtype)) at.refuse(refusals.typeHasNoLaterForm(dtype));
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  Abs: { 6: dropConsumed },
  Add: { 6: dropConsumed, 7: binaryBroadcast },
  And: { 7: binaryBroadcast },
  Cast: { 6: castCode },
  Ceil: { 6: dropConsumed },
  Clip: { 6: dropConsumed, 11: clipInputs },
  Div: { 6: dropConsumed, 7: binaryBroadcast },
  Elu: { 6: dropConsumed },
  Equal: { 7: binaryBroadcast },
  Erf: { 13: erfType },
  Exp: { 6: dropConsumed },
  Floor: { 6: dropConsumed },
  Greater: { 7: binaryBroadcast },
  HardSigmoid: { 6: dropConsumed },
  LeakyRelu: { 6: dropConsumed },
  Less: { 7: binaryBroadcast },
  Log: { 6: dropConsumed },
  Max: { 6: dropConsumed },
  Mean: { 6: dropConsumed },
  Min: { 6: dropConsumed },
  Mul: { 6: dropConsumed, 7: binaryBroadcast },
  Neg: { 6: dropConsumed },
  Or: { 7: binaryBroadcast },
  PRelu: { 6: dropConsumed, 7: preluBroadcast },
  Pow: { 7: binaryBroadcast },
  Reciprocal: { 6: dropConsumed },
  Relu: { 6: dropConsumed },
  Selu: { 6: seluDefaults },
  Sigmoid: { 6: dropConsumed },
  Sqrt: { 6: dropConsumed },
  Sub: { 6: dropConsumed, 7: binaryBroadcast },
  Sum: { 6: dropConsumed },
  Tanh: { 6: dropConsumed },
  Xor: { 7: binaryBroadcast },
};
