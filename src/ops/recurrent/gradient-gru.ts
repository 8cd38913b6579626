import { present } from "../../base/assert.js";
import type { Value } from "../../ir/graph.js";
import type { GradientContext } from "../../rules/gradient/rule.js";
import {
  biasOf,
  type Direction,
  type DirectionGradients,
  gatesOf,
  matrixGradient,
  oneMinus,
  productOf,
  scan,
  timesTransposed,
} from "./gradient-cell.js";

interface Parts {
  readonly z: Value;
  readonly r: Value;
  readonly n: Value;
}

/** The parts of the gates z, r and n. */
function partsOf(c: GradientContext, value: Value): Parts {
  const [z, r, n] = gatesOf(c, value, 3);
  const what = "three gates";
  return { z: present(z, what), r: present(r, what), n: present(n, what) };
}

function withBias({ build }: GradientContext, value: Value, bias: Value | undefined): Value {
  return bias === undefined ? value : build.op("Add", [value, bias]);
}

/** h' = (1 - z) n + z h with sigmoids z and r. The two forms of GRU differ in how n depends on the state. */
export function gruDirection(c: GradientContext, direction: Direction): DirectionGradients {
  const bias = biasOf(c, direction);
  const fromInput = partsOf(c, withBias(c, timesTransposed(c, direction.x, direction.w), bias?.input));
  return c.node.int("linear_before_reset", 0) === 0
    ? resetFirst(c, direction, fromInput, bias?.state)
    : resetLast(c, direction, fromInput, bias?.state);
}

function gate({ build }: GradientContext, input: Value, state: Value): Value {
  return build.op("Sigmoid", [build.op("Add", [input, state])]);
}

/** value (1 - value), the derivative of a sigmoid. */
function sigmoidSlope(c: GradientContext, value: Value): Value {
  return productOf(c, value, oneMinus(c, value));
}

/** The derivatives of h' by the sums inside z and n. */
function slopes(
  c: GradientContext,
  z: Value,
  n: Value,
  before: Value,
): { readonly z: Value; readonly n: Value } {
  const difference = c.build.op("Sub", [before, n]);
  return {
    z: productOf(c, difference, sigmoidSlope(c, z)),
    n: productOf(c, oneMinus(c, z), oneMinus(c, productOf(c, n, n))),
  };
}

/** linear_before_reset = 0: n = tanh(W x + b + R (r * h) + b'). */
function resetFirst(
  c: GradientContext,
  direction: Direction,
  fromInput: Parts,
  stateBias: Value | undefined,
): DirectionGradients {
  const { build } = c;
  const { before, backward, dAfter, dLast } = direction;
  const [rz, rr, rn] = build.ops("Split", [direction.r], 3, { axis: 0n, num_outputs: 3n });
  const forGates = build.op("Concat", [present(rz, "R"), present(rr, "R")], { axis: 0n });
  const forCandidate = present(rn, "R");
  const bias = stateBias && partsOf(c, stateBias);
  const [hz, hr] = gatesOf(c, timesTransposed(c, before, forGates), 2);
  const z = gate(c, fromInput.z, withBias(c, present(hz, "a gate"), bias?.z));
  const r = gate(c, fromInput.r, withBias(c, present(hr, "a gate"), bias?.r));
  const kept = productOf(c, r, before);
  const fromState = withBias(c, timesTransposed(c, kept, forCandidate), bias?.n);
  const n = build.op("Tanh", [build.op("Add", [fromInput.n, fromState])]);
  const slope = slopes(c, z, n, before);
  const resetSlope = productOf(c, before, sigmoidSlope(c, r));
  const sequences = [slope.z, slope.n, resetSlope, z, r, ...(dAfter === undefined ? [] : [dAfter])];
  const result = scan(c, [dLast], sequences, !backward, (inner, state, slice) => {
    const dh = dAfter === undefined ? state(0) : inner.op("Add", [state(0), slice(5)]);
    const dn = inner.op("Mul", [dh, slice(1)]);
    const dKept = inner.op("MatMul", [dn, forCandidate]);
    const dGates = inner.op("Concat", [inner.op("Mul", [dh, slice(0)]), inner.op("Mul", [dKept, slice(2)])], {
      axis: -1n,
    });
    const next = inner.op("Sum", [
      inner.op("Mul", [dh, slice(3)]),
      inner.op("Mul", [dKept, slice(4)]),
      inner.op("MatMul", [dGates, forGates]),
    ]);
    return { states: [next], outputs: [dGates, dn] };
  });
  const [dGates, dn] = [result(1), result(2)];
  const dr = build.op("Concat", [matrixGradient(c, dGates, before), matrixGradient(c, dn, kept)], {
    axis: 0n,
  });
  return { dInput: build.op("Concat", [dGates, dn], { axis: -1n }), dr, dFirst: result(0) };
}

/** linear_before_reset = 1: n = tanh(W x + b + r * (R h + b')). */
function resetLast(
  c: GradientContext,
  direction: Direction,
  fromInput: Parts,
  stateBias: Value | undefined,
): DirectionGradients {
  const { build } = c;
  const { before, backward, dAfter, dLast } = direction;
  const fromState = partsOf(c, withBias(c, timesTransposed(c, before, direction.r), stateBias));
  const z = gate(c, fromInput.z, fromState.z);
  const r = gate(c, fromInput.r, fromState.r);
  const n = build.op("Tanh", [build.op("Add", [fromInput.n, productOf(c, r, fromState.n)])]);
  const slope = slopes(c, z, n, before);
  const resetSlope = productOf(c, slope.n, fromState.n, sigmoidSlope(c, r));
  const factors = build.op("Concat", [slope.z, resetSlope, productOf(c, slope.n, r)], { axis: -1n });
  const sequences = [factors, z, ...(dAfter === undefined ? [] : [dAfter])];
  const result = scan(c, [dLast], sequences, !backward, (inner, state, slice) => {
    const dh = dAfter === undefined ? state(0) : inner.op("Add", [state(0), slice(2)]);
    const all = inner.op("Concat", [dh, dh, dh], { axis: -1n });
    const dState = inner.op("Mul", [all, slice(0)]);
    const passed = inner.op("Mul", [dh, slice(1)]);
    const next = inner.op("Add", [passed, inner.op("MatMul", [dState, direction.r])]);
    return { states: [next], outputs: [dState, dh] };
  });
  const dState = result(1);
  const parts = partsOf(c, dState);
  const dn = productOf(c, result(2), slope.n);
  return {
    dInput: build.op("Concat", [parts.z, parts.r, dn], { axis: -1n }),
    dr: matrixGradient(c, dState, before),
    dStateBias: build.op("ReduceSum", [dState, build.ints([0, 1])], { keepdims: 0n }),
    dFirst: result(0),
  };
}
