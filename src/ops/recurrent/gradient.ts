import { present } from "../../base/assert.js";
import { isRefusal } from "../../base/refusal.js";
import type { Value } from "../../ir/graph.js";
import type { FacetTable } from "../../rules/facet.js";
import type { GradientContext, GradientRule, InputGradients } from "../../rules/gradient/rule.js";
import { addGradients } from "../../rules/gradient/support.js";
import {
  biasOf,
  type Direction,
  type DirectionGradients,
  gatesOf,
  matrixGradient,
  oneMinus,
  pick,
  productOf,
  refuseForms,
  scan,
  shifted,
  timesTransposed,
  zeroState,
} from "./gradient-cell.js";
import { gruDirection } from "./gradient-gru.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

interface Cell {
  /** The activations by gate, in lower case. */
  readonly activations: readonly (readonly string[])[];
  readonly hasCell: boolean;
  readonly differentiate: (c: GradientContext, direction: Direction) => DirectionGradients;
}

function directionOf(c: GradientContext, cell: Cell, index: number, backward: boolean): Direction {
  const after = pick(c, c.forwardOutput(0), index, 1);
  const { build, node } = c;
  const stateOf = (value: Value | undefined): Value =>
    value === undefined ? zeroState(c, after) : pick(c, value, index, 0);
  const dAfter = c.grad(0);
  return {
    index,
    backward,
    x: c.input(0),
    w: pick(c, c.input(1), index, 0),
    r: pick(c, c.input(2), index, 0),
    bias: node.input(3),
    before: shifted(c, after, stateOf(node.input(5)), backward),
    after,
    cell: cell.hasCell ? stateOf(node.input(6)) : after,
    dAfter: dAfter && pick(c, dAfter, index, 1),
    dLast: stateOf(c.grad(1)),
    dLastCell: cell.hasCell ? stateOf(c.grad(2)) : build.int(0),
  };
}

/** Backpropagation through time: one scan from the last step, then one product per matrix for all steps at once. */
function recurrentRule(cell: Cell): GradientRule {
  return (c) => {
    const { build } = c;
    const refused = cell.activations.map((names) => refuseForms(c, names));
    if (refused.every(isRefusal)) return refused[0] ?? refusals.cellFormIsUnknown();
    const direction = c.node.string("direction", "forward");
    const count = direction === "bidirectional" ? 2 : 1;
    const parts = Array.from({ length: count }, (_, index) => {
      const from = directionOf(c, cell, index, index === 1 || direction === "reverse");
      return { from, to: cell.differentiate(c, from) };
    });
    const stacked = (of: (part: (typeof parts)[number]) => Value): Value => {
      const rows = parts.map((part) => build.op("Unsqueeze", [of(part), build.ints([0])]));
      return rows.length === 1 && rows[0] !== undefined ? rows[0] : build.op("Concat", rows, { axis: 0n });
    };
    const gradients: (Value | undefined)[] = c.node.inputs.map(() => undefined);
    const give = (index: number, make: () => Value | undefined): void => {
      if (c.needs(index)) gradients[index] = make();
    };
    give(0, () =>
      addGradients(
        build,
        parts.map(({ from, to }) => build.op("MatMul", [to.dInput, from.w])),
      ),
    );
    give(1, () => stacked(({ from, to }) => matrixGradient(c, to.dInput, from.x)));
    give(2, () => stacked(({ to }) => to.dr));
    give(3, () =>
      stacked(({ to }) => {
        const input = build.op("ReduceSum", [to.dInput, build.ints([0, 1])], { keepdims: 0n });
        return build.op("Concat", [input, to.dStateBias ?? input], { axis: 0n });
      }),
    );
    give(5, () => stacked(({ to }) => to.dFirst));
    give(6, () => stacked(({ to }) => to.dFirstCell ?? to.dFirst));
    const results: InputGradients = gradients;
    return results;
  };
}

/** The gates before their activations, [T, N, gates * H]. */
function gateSums(c: GradientContext, direction: Direction): Value {
  const { build } = c;
  const { x, w, r, before } = direction;
  const sums = build.op("Add", [timesTransposed(c, x, w), timesTransposed(c, before, r)]);
  const bias = biasOf(c, direction);
  return bias === undefined ? sums : build.op("Add", [sums, build.op("Add", [bias.input, bias.state])]);
}

/**
 * i, o, f are sigmoids and n is a tanh of the gates; c' = f c + i n and h = o tanh(c'). A scan computes the cells again; the
 * rest is computed for all steps at once. The gradients of the gates are those of h or c' times factors known beforehand.
 */
function lstmDirection(c: GradientContext, direction: Direction): DirectionGradients {
  const { build } = c;
  const { backward, r, dLast, dLastCell, before } = direction;
  const sums = gatesOf(c, gateSums(c, direction), 4);
  const gateAt = (index: number): Value => present(sums[index], "four gates");
  const [i, o, f] = [0, 1, 2].map((index) => build.op("Sigmoid", [gateAt(index)]));
  const gates = { i: present(i, "a gate"), o: present(o, "a gate"), f: present(f, "a gate") };
  const n = build.op("Tanh", [gateAt(3)]);
  const written = build.op("Mul", [gates.i, n]);
  const cells = scan(c, [direction.cell], [gates.f, written], backward, (inner, state, slice) => {
    const next = inner.op("Add", [inner.op("Mul", [state(0), slice(0)]), slice(1)]);
    return { states: [next], outputs: [next] };
  })(1);
  const previous = shifted(c, cells, direction.cell, backward);
  const bounded = build.op("Tanh", [cells]);
  const intoCell = productOf(c, gates.o, oneMinus(c, productOf(c, bounded, bounded)));
  const parts = [
    productOf(c, written, oneMinus(c, gates.i)),
    productOf(c, bounded, gates.o, oneMinus(c, gates.o)),
    productOf(c, previous, gates.f, oneMinus(c, gates.f)),
    productOf(c, gates.i, oneMinus(c, productOf(c, n, n))),
  ];
  const factors = build.op("Concat", parts, { axis: -1n });
  const { dAfter } = direction;
  const sequences = [intoCell, factors, gates.f, ...(dAfter === undefined ? [] : [dAfter])];
  const result = scan(c, [dLast, dLastCell], sequences, !backward, (inner, state, slice) => {
    const dh = dAfter === undefined ? state(0) : inner.op("Add", [state(0), slice(3)]);
    const dc = inner.op("Add", [state(1), inner.op("Mul", [dh, slice(0)])]);
    const all = inner.op("Concat", [dc, dh, dc, dc], { axis: -1n });
    const dGates = inner.op("Mul", [all, slice(1)]);
    const kept = inner.op("Mul", [dc, slice(2)]);
    return { states: [inner.op("MatMul", [dGates, r]), kept], outputs: [dGates] };
  });
  const dInput = result(2);
  return { dInput, dr: matrixGradient(c, dInput, before), dFirst: result(0), dFirstCell: result(1) };
}

/** h' = f(W x + R h + b), whose derivative follows from h'. */
function rnnDirection(c: GradientContext, direction: Direction): DirectionGradients {
  const { after, backward, r, dLast, before, dAfter } = direction;
  const isTanh = refuseForms(c, ["tanh"]) === undefined;
  const factors = isTanh ? oneMinus(c, productOf(c, after, after)) : c.build.op("Sign", [after]);
  const sequences = dAfter === undefined ? [factors] : [factors, dAfter];
  const result = scan(c, [dLast], sequences, !backward, (inner, state, slice) => {
    const dh = dAfter === undefined ? state(0) : inner.op("Add", [state(0), slice(1)]);
    const gates = inner.op("Mul", [dh, slice(0)]);
    return { states: [inner.op("MatMul", [gates, r])], outputs: [gates] };
  });
  return { dInput: result(1), dr: matrixGradient(c, result(1), before), dFirst: result(0) };
}

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  GRU: recurrentRule({
    activations: [["sigmoid", "tanh"]],
    hasCell: false,
    differentiate: gruDirection,
  }),
  LSTM: recurrentRule({
    activations: [["sigmoid", "tanh", "tanh"]],
    hasCell: true,
    differentiate: lstmDirection,
  }),
  RNN: recurrentRule({
    activations: [["tanh"], ["relu"]],
    hasCell: false,
    differentiate: rnnDirection,
  }),
};
