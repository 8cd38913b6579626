import { DTYPES, dtypeCode } from "../../ir/dtype.js";
import type { Site } from "../../rules/raise-site.js";

/** Opset 6 dropped a hint about memory. */
export function dropConsumed(at: Site): void {
  at.node.unset("consumed_inputs");
}

/** Selu 6 has defaults of more digits. */
export function seluDefaults(at: Site): void {
  dropConsumed(at);
  at.setDefault("alpha", { kind: "float", value: Math.fround(1.6732) });
  at.setDefault("gamma", { kind: "float", value: Math.fround(1.0507) });
}

/** Cast 6 names its type by number. */
export function castCode(at: Site): void {
  const type = at.string("to", "").toLowerCase();
  const dtype = DTYPES.find((known) => known === type);
  if (dtype === undefined) at.refuse(`it casts to "${type}"`);
  at.set("to", dtypeCode(dtype));
}

/** Opset 7 broadcasts as NumPy does: from the last axis on, where it had been from an axis of choice on. */
export function binaryBroadcast(at: Site): void {
  const { node } = at;
  if (at.int("broadcast", 0) !== 0 && node.attributes.has("axis")) {
    const rank = at.rank(0);
    const inner = at.rank(1);
    if (rank === undefined || inner === undefined) at.refuse("the rank of its inputs is not known");
    const axis = at.int("axis", 0);
    const missing = rank - inner - (axis < 0 ? axis + rank : axis);
    if (missing > 0 && inner > 0) unsqueezeBehind(at, inner, missing);
  }
  node.unset("broadcast");
  node.unset("axis");
}

/** PRelu 7: a slope for each channel is aligned from the last axis on, like any other. */
export function preluBroadcast(at: Site): void {
  const rank = at.rank(0);
  const slope = at.know(1)?.shape;
  if (slope === undefined || rank === undefined) at.refuse("the rank of its inputs is not known");
  if (slope.length === 1 && slope[0] !== 1 && rank > 2) unsqueezeBehind(at, 1, rank - 2);
}

/** Gives input 1, of rank `rank`, `count` more axes of size 1 at its end. */
function unsqueezeBehind(at: Site, rank: number, count: number): void {
  const axes = Array.from({ length: count }, (_, i) => rank + i);
  at.node.setInput(
    1,
    at.op("Unsqueeze", [at.input(1) ?? null], { axes: { kind: "ints", value: axes.map(BigInt) } }),
  );
}

/** Gemm 7 always broadcasts its bias. */
export function gemmBroadcast(at: Site): void {
  at.node.unset("broadcast");
}

/** Clip 11: the bounds are inputs of the type of the data. */
export function clipInputs(at: Site): void {
  const min = at.takeFloatLike("min", 0);
  const max = at.takeFloatLike("max", 0);
  if (min !== undefined) at.node.setInput(1, min);
  if (max !== undefined) at.node.setInput(2, max);
}

/** Erf 13 is for floats alone. */
export function erfType(at: Site): void {
  const dtype = at.know(0)?.dtype;
  if (dtype !== undefined && /^u?int/.test(dtype)) at.refuse(`its input is ${dtype}`);
}

/**
 * Softmax 13 and its kin normalize one axis; before, they normalized all axes from `axis` on together. The two are
 * the same on the last axis; elsewhere the input is flattened, and the result reshaped.
 */
export function flattenAroundSoftmax(at: Site): void {
  const axis = at.int("axis", 1);
  const shape = at.know(0)?.shape;
  const rank = shape?.length;
  if (shape !== undefined && rank !== undefined) {
    const first = axis < 0 ? axis + rank : axis;
    // Axes of size 1 behind it add nothing to normalize.
    if (first < rank && shape.slice(first + 1).every((size) => size === 1)) {
      at.set("axis", first);
      return;
    }
  } else if (axis === -1) {
    at.set("axis", -1);
    return;
  }
  const input = at.input(0) ?? null;
  at.node.setInput(0, at.op("Flatten", [input], { axis }));
  at.set("axis", 1);
  at.after(0, "Reshape", [at.op("Shape", [input])]);
}
