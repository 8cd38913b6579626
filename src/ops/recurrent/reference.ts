import { addProduct } from "../../float64/gemm.js";
import { allocate, type ReferenceTensor, referenceTensor, transpose } from "../../float64/tensor.js";
import type { FacetTable } from "../../rules/facet.js";
import { fail, type ReferenceContext, type ReferenceRule } from "../../rules/reference/rule.js";
import { sigmoid, softplus } from "../elementwise/reference.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

type Activation = (x: number) => number;

function activationOf(name: string, alpha: number | undefined, beta: number | undefined): Activation {
  switch (name.toLowerCase()) {
    case "sigmoid":
      return sigmoid;
    case "tanh":
      return Math.tanh;
    case "relu":
      return (x) => Math.max(x, 0);
    case "softsign":
      return (x) => x / (1 + Math.abs(x));
    case "softplus":
      return softplus;
    case "affine":
      return (x) => (alpha ?? 1) * x + (beta ?? 0);
    case "leakyrelu":
      return (x) => (x < 0 ? (alpha ?? Math.fround(0.01)) * x : x);
    case "thresholdedrelu":
      return (x) => (x > (alpha ?? 1) ? x : 0);
    case "elu":
      return (x) => (x < 0 ? (alpha ?? 1) * Math.expm1(x) : x);
    case "scaledtanh":
      return (x) => (alpha ?? 1) * Math.tanh((beta ?? 1) * x);
    case "hardsigmoid":
      return (x) => Math.min(Math.max((alpha ?? Math.fround(0.2)) * x + (beta ?? 0.5), 0), 1);
    default:
      throw errors.activationIsUnknown(name);
  }
}

/** One step of one sequence: from the sums inside the gates (W x and R h) to the new state. */
interface Cell {
  readonly gates: number;
  readonly activations: readonly string[];
  readonly step: (s: StepState) => void;
}

/** The state of one direction; vectors have the hidden size where no other is named. */
interface StepState {
  readonly hidden: number;
  /** W x + Wb for all gates, one after the other. */
  readonly input: Float64Array;
  /** R h + Rb for all gates. */
  readonly recurrent: Float64Array;
  /** The hidden state, which is read and overwritten. */
  readonly h: Float64Array;
  readonly c: Float64Array;
  readonly f: readonly Activation[];
  /** One peephole per gate i, o, f. */
  readonly peephole: Float64Array | undefined;
  readonly clip: (x: number) => number;
  /** R, Rb of the last gate by a changed h: GRU's form before linear_before_reset. */
  readonly lastGate: (h: Float64Array) => Float64Array;
  readonly flag: boolean;
}

function pick(f: readonly Activation[], index: number): Activation {
  return f[index] ?? fail(errors.activationsAreTooFew());
}

const LSTM: Cell = {
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  step: ({ hidden, input, recurrent, h, c, f, peephole, clip, flag }) => {
    const [gate, candidate, output] = [pick(f, 0), pick(f, 1), pick(f, 2)];
    for (let k = 0; k < hidden; k++) {
      const sum = (index: number): number =>
        (input[index * hidden + k] ?? 0) + (recurrent[index * hidden + k] ?? 0);
      const peep = (index: number, state: number): number => (peephole?.[index * hidden + k] ?? 0) * state;
      const old = c[k] ?? 0;
      const i = gate(clip(sum(0) + peep(0, old)));
      const forget = flag ? 1 - i : gate(clip(sum(2) + peep(2, old)));
      const state = forget * old + i * candidate(clip(sum(3)));
      c[k] = state;
      h[k] = gate(clip(sum(1) + peep(1, state))) * output(state);
    }
  },
};

const GRU: Cell = {
  gates: 3,
  activations: ["Sigmoid", "Tanh"],
  step: ({ hidden, input, recurrent, h, f, clip, lastGate, flag }) => {
    const [gate, candidate] = [pick(f, 0), pick(f, 1)];
    const sum = (index: number, k: number): number =>
      (input[index * hidden + k] ?? 0) + (recurrent[index * hidden + k] ?? 0);
    const reset = Float64Array.from({ length: hidden }, (_, k) => gate(clip(sum(1, k))));
    const fromState = flag
      ? reset.map((r, k) => r * (recurrent[2 * hidden + k] ?? 0))
      : lastGate(reset.map((r, k) => r * (h[k] ?? 0)));
    for (let k = 0; k < hidden; k++) {
      const z = gate(clip(sum(0, k)));
      const n = candidate(clip((input[2 * hidden + k] ?? 0) + (fromState[k] ?? 0)));
      h[k] = (1 - z) * n + z * (h[k] ?? 0);
    }
  },
};

const RNN: Cell = {
  gates: 1,
  activations: ["Tanh"],
  step: ({ hidden, input, recurrent, h, f, clip }) => {
    const activate = pick(f, 0);
    for (let k = 0; k < hidden; k++) h[k] = activate(clip((input[k] ?? 0) + (recurrent[k] ?? 0)));
  },
};

/** LSTM, GRU and RNN are one loop around three cells. */
function recurrentRule(cell: Cell, cellState: boolean): ReferenceRule {
  return (c) => {
    const batchFirst = c.int("layout", 0) === 1;
    const x = batchFirst ? transpose(c.input(0), [1, 0, 2]) : c.input(0);
    const [w, r, b] = [c.input(1), c.input(2), c.optional(3)];
    const lengths = c.numbers(4);
    const initial = (index: number): ReferenceTensor | undefined => {
      const state = c.optional(index);
      return state === undefined || !batchFirst ? state : transpose(state, [1, 0, 2]);
    };
    const [h0, c0] = [initial(5), cellState ? initial(6) : undefined];
    const [steps = 0, batch = 0, width = 0] = x.dims;
    const [directions = 1, rows = 0, hidden = 0] = r.dims;
    const y = allocate(steps * directions * batch * hidden);
    const lastH = allocate(directions * batch * hidden);
    const lastC = allocate(cellState ? directions * batch * hidden : 0);
    const limit = c.has("clip") ? c.float("clip", 0) : Infinity;
    const flag = c.int("linear_before_reset", 0) !== 0 || c.int("input_forget", 0) !== 0;
    for (let d = 0; d < directions; d++) {
      const f = activationsOf(c, cell, d);
      const wx = inputParts(x, w.data, d, rows, steps * batch, width);
      const backward = d === 1 || c.text("direction", "forward") === "reverse";
      const bias = (part: number, row: number): number => b?.data[(2 * d + part) * rows + row] ?? 0;
      const byState = (h: Float64Array, first: number, count: number): Float64Array => {
        const out = allocate(count);
        for (let row = 0; row < count; row++) {
          const from = (d * rows + first + row) * hidden;
          let sum = bias(1, first + row);
          for (let k = 0; k < hidden; k++) sum += (r.data[from + k] ?? 0) * (h[k] ?? 0);
          out[row] = sum;
        }
        return out;
      };
      for (let n = 0; n < batch; n++) {
        const at = (d * batch + n) * hidden;
        const h = h0 === undefined ? allocate(hidden) : h0.data.slice(at, at + hidden);
        const state = c0 === undefined ? allocate(hidden) : c0.data.slice(at, at + hidden);
        const length = lengths?.[n] ?? steps;
        for (let t = 0; t < length; t++) {
          const time = backward ? length - 1 - t : t;
          const from = (time * batch + n) * rows;
          cell.step({
            hidden,
            input: wx.subarray(from, from + rows).map((value, row) => value + bias(0, row)),
            recurrent: byState(h, 0, rows),
            h,
            c: state,
            f,
            peephole: c.optional(7)?.data.subarray(d * 3 * hidden, (d + 1) * 3 * hidden),
            clip: (value) => Math.min(Math.max(value, -limit), limit),
            lastGate: (changed) => byState(changed, rows - hidden, hidden),
            flag,
          });
          y.set(h, ((time * directions + d) * batch + n) * hidden);
        }
        lastH.set(h, at);
        if (cellState) lastC.set(state, at);
      }
    }
    const sequence = referenceTensor(x.dtype, [steps, directions, batch, hidden], y);
    const finals = [lastH, ...(cellState ? [lastC] : [])].map((data) =>
      referenceTensor(x.dtype, [directions, batch, hidden], data),
    );
    if (!batchFirst) return [sequence, ...finals];
    return [transpose(sequence, [2, 0, 1, 3]), ...finals.map((state) => transpose(state, [1, 0, 2]))];
  };
}

function activationsOf(c: ReferenceContext, cell: Cell, direction: number): Activation[] {
  const count = cell.activations.length;
  const names = c.texts("activations")?.slice(direction * count, (direction + 1) * count) ?? cell.activations;
  const [alphas, betas] = [c.floats("activation_alpha"), c.floats("activation_beta")];
  return names.map((name, index) =>
    activationOf(name, alphas?.[direction * count + index], betas?.[direction * count + index]),
  );
}

/** x W^T for all steps and sequences at once: [steps * batch, rows]. */
function inputParts(
  x: ReferenceTensor,
  w: Float64Array,
  direction: number,
  rows: number,
  count: number,
  width: number,
): Float64Array {
  const out = allocate(count * rows);
  addProduct({
    rows: count,
    depth: width,
    columns: rows,
    a: { data: x.data, base: 0, rowStride: width, columnStride: 1 },
    b: { data: w, base: direction * rows * width, rowStride: 1, columnStride: width },
    out,
    outBase: 0,
  });
  return out;
}

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  GRU: recurrentRule(GRU, false),
  LSTM: recurrentRule(LSTM, true),
  RNN: recurrentRule(RNN, false),
};
