import { describe, expect, it } from "vitest";
import { counting, run, values } from "../../support/reference.js";

describe("operators with bodies, in float64", () => {
  it("If runs the branch that is taken", () => {
    const branches =
      "then_branch = t () => (a) { a = Neg (x) }, else_branch = e () => (b) { b = Add (x, x) }";
    for (const [condition, expected] of [
      ["bool p = {1}", [-1, -2]],
      ["bool p = {0}", [2, 4]],
    ] as const) {
      const y = run(`y = If (p) <${branches}>`, { x: counting(2) }, { constants: condition });
      expect(values(y)).toEqual(expected);
    }
  });

  it("Loop carries, stops when told to, and stacks", () => {
    const constants = "int64 trips = {10}, bool go = {1}, float limit = {20}";
    const body = `body = body (int64 i, bool c, float[1] s) => (d, t, u)
      { t = Add (s, s) l = Less (t, limit) zero = Constant <value_ints = [0]> () d = Squeeze (l, zero) u = Identity (s) }`;
    const carried = run(`y, z = Loop (trips, go, x) <${body}>`, { x: counting(1) }, { constants });
    expect(values(carried)).toEqual([32]);
    const stacked = run(`z, y = Loop (trips, go, x) <${body}>`, { x: counting(1) }, { constants });
    expect([stacked.dims, values(stacked)]).toEqual([
      [5, 1],
      [1, 2, 4, 8, 16],
    ]);
  });

  it("Scan goes along an axis, in either direction", () => {
    const body = "body = body (float[1] s, float[1] e) => (t, u) { t = Add (s, e) u = Identity (t) }";
    const inputs = { x: { dims: [1], data: [0] }, w: counting(3, 1) };
    const forward = run(`z, y = Scan (x, w) <num_scan_inputs = 1, ${body}>`, inputs);
    expect(values(forward)).toEqual([1, 3, 6]);
    const backward = run(
      `z, y = Scan (x, w) <num_scan_inputs = 1, scan_input_directions = [1], scan_output_directions = [1], ${body}>`,
      inputs,
    );
    expect(values(backward)).toEqual([6, 5, 3]);
  });
});
