import { describe, expect, it } from "vitest";
import { erf } from "../../src/float64/special.js";
import type { ReferenceTensor } from "../../src/float64/tensor.js";
import { referenceOperators } from "../../src/ops/reference.js";
import { counting, type Input, run } from "../support/reference.js";

function values(tensor: ReferenceTensor): number[] {
  return Array.from(tensor.data, (value) => Number(value.toFixed(12)));
}

/** body, inputs, dims and elements by hand. */
type Case = readonly [
  body: string,
  inputs: Record<string, Input>,
  dims: number[],
  data: number[],
  opset?: number,
];

const x4: Input = { dims: [4], data: [-2, -0.5, 0, 3] };

const CASES: readonly Case[] = [
  // Convolution: one channel, asymmetric pads, a stride, a dilation, groups; all by hand.
  ["y = Conv(x, w)", { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } }, [1, 1, 2], [21, 32]],
  [
    "y = Conv <pads = [1, 0]> (x, w)",
    { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } },
    [1, 1, 3],
    [10, 21, 32],
  ],
  [
    "y = Conv <dilations = [2], strides = [2], pads = [2, 1]> (x, w, b)",
    { x: counting(1, 1, 4), w: { dims: [1, 1, 2], data: [1, 10] }, b: { dims: [1], data: [0.5] } },
    [1, 1, 3],
    [10.5, 31.5, 3.5],
  ],
  [
    `y = Conv <auto_pad = "SAME_LOWER"> (x, w)`,
    { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } },
    [1, 1, 3],
    [10, 21, 32],
  ],
  [
    "y = Conv <group = 2> (x, w)",
    { x: counting(1, 2, 2), w: { dims: [2, 1, 1], data: [2, -1] } },
    [1, 2, 2],
    [2, 4, -3, -4],
  ],
  [
    "y = Conv(x, w)",
    { x: counting(1, 1, 2, 2), w: { dims: [4, 1, 2, 2], data: [...counting(16).data] } },
    [1, 4, 1, 1],
    [30, 70, 110, 150],
  ],
  [
    "y = ConvTranspose <strides = [2]> (x, w)",
    { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } },
    [1, 1, 6],
    [1, 10, 2, 20, 3, 30],
  ],
  [
    "y = ConvTranspose <strides = [2], pads = [1, 0], output_padding = [1]> (x, w, b)",
    { x: counting(1, 1, 2), w: { dims: [1, 1, 2], data: [1, 10] }, b: { dims: [1], data: [1] } },
    [1, 1, 4],
    [11, 3, 21, 1],
  ],
  // Linear.
  [
    "y = Gemm <alpha = 0.5, beta = 2.0, transB = 1> (x, w, c)",
    { x: counting(1, 2), w: counting(3, 2), c: { dims: [3], data: [1, 0, -1] } },
    [1, 3],
    [4.5, 5.5, 6.5],
  ],
  ["y = MatMul(x, w)", { x: counting(2), w: counting(2, 3) }, [3], [9, 12, 15]],
  ["y = MatMul(x, w)", { x: counting(2, 1, 2), w: counting(2) }, [2, 1], [5, 11]],
  // Normalization.
  [
    "y = BatchNormalization <epsilon = 0.0> (x, s, b, m, v)",
    {
      x: counting(1, 2, 2),
      s: { dims: [2], data: [2, -1] },
      b: { dims: [2], data: [1, 0] },
      m: { dims: [2], data: [1, 2] },
      v: { dims: [2], data: [4, 0.25] },
    },
    [1, 2, 2],
    [1, 2, -2, -4],
  ],
  [
    "y = LayerNormalization <epsilon = 0.0> (x, s)",
    { x: counting(1, 2), s: { dims: [2], data: [1, 3] } },
    [1, 2],
    [-1, 3],
  ],
  [
    "y = InstanceNormalization <epsilon = 0.0> (x, s, b)",
    { x: counting(1, 1, 2), s: { dims: [1], data: [2] }, b: { dims: [1], data: [1] } },
    [1, 1, 2],
    [-1, 3],
  ],
  [
    "y = LRN <size = 3, alpha = 3.0, beta = 1.0, bias = 1.0> (x)",
    { x: counting(1, 3, 1) },
    [1, 3, 1],
    [1 / 6, 2 / 15, 3 / 14].map((value) => Number(value.toFixed(12))),
  ],
  ["y = Softmax(x)", { x: { dims: [1, 2], data: [1000, 1000] } }, [1, 2], [0.5, 0.5]],
  // Before opset 13 all axes from `axis` on are one.
  [
    "y = Softmax <axis = 1> (x)",
    { x: { dims: [1, 2, 2], data: [0, 0, 0, 0] } },
    [1, 2, 2],
    [0.25, 0.25, 0.25, 0.25],
    11,
  ],
  [
    "y = Softmax <axis = 1> (x)",
    { x: { dims: [1, 2, 2], data: [0, 0, 0, 0] } },
    [1, 2, 2],
    [0.5, 0.5, 0.5, 0.5],
    13,
  ],
  // Pools.
  [
    "y = MaxPool <kernel_shape = [2], strides = [2], ceil_mode = 1> (x)",
    { x: counting(1, 1, 5) },
    [1, 1, 3],
    [2, 4, 5],
  ],
  ["y = MaxPool <kernel_shape = [2], dilations = [2]> (x)", { x: counting(1, 1, 4) }, [1, 1, 2], [3, 4]],
  ["y = AveragePool <kernel_shape = [2], pads = [1, 0]> (x)", { x: counting(1, 1, 2) }, [1, 1, 2], [1, 1.5]],
  [
    "y = AveragePool <kernel_shape = [2], pads = [1, 0], count_include_pad = 1> (x)",
    { x: counting(1, 1, 2) },
    [1, 1, 2],
    [0.5, 1.5],
  ],
  ["y = GlobalAveragePool(x)", { x: counting(1, 2, 2) }, [1, 2, 1], [1.5, 3.5]],
  // Elementwise.
  ["y = Add(x, w)", { x: counting(2, 1), w: counting(3) }, [2, 3], [2, 3, 4, 3, 4, 5]],
  [
    "y = Mul <broadcast = 1, axis = 0> (x, w)",
    { x: counting(2, 2), w: counting(2) },
    [2, 2],
    [1, 2, 6, 8],
    6,
  ],
  ["y = Relu(x)", { x: x4 }, [4], [0, 0, 0, 3]],
  ["y = LeakyRelu <alpha = 0.5> (x)", { x: x4 }, [4], [-1, -0.25, 0, 3]],
  ["y = PRelu(x, w)", { x: x4, w: { dims: [1], data: [2] } }, [4], [-4, -1, 0, 3]],
  ["y = HardSigmoid <alpha = 0.5> (x)", { x: x4 }, [4], [0, 0.25, 0.5, 1]],
  ["y = Clip <min = -1.0, max = 2.0> (x)", { x: x4 }, [4], [-1, -0.5, 0, 2], 6],
  ["y = Round(x)", { x: { dims: [4], data: [0.5, 1.5, -2.5, 2.6] } }, [4], [0, 2, -2, 3]],
  ["y = Max(x, w)", { x: x4, w: { dims: [1], data: [-1] } }, [4], [-1, -0.5, 0, 3]],
  // Reductions.
  ["y = ReduceMean <axes = [0], keepdims = 0> (x)", { x: counting(2, 3) }, [3], [2.5, 3.5, 4.5]],
  ["y = ReduceL2(x)", { x: { dims: [2], data: [3, 4] } }, [1], [5]],
  ["y = ReduceSum <axes = [-1]> (x)", { x: counting(2, 2) }, [2, 1], [3, 7], 11],
  // Movement.
  ["y = Transpose(x)", { x: counting(2, 3) }, [3, 2], [1, 4, 2, 5, 3, 6]],
  ["y = Concat <axis = 1> (x, w)", { x: counting(2, 1), w: counting(2, 2) }, [2, 3], [1, 1, 2, 2, 3, 4]],
  ["y = Flatten <axis = -1> (x)", { x: counting(1, 2, 2) }, [2, 2], [1, 2, 3, 4]],
  [
    "y = DepthToSpace <blocksize = 2> (x)",
    { x: counting(1, 4, 1, 2) },
    [1, 1, 2, 4],
    [1, 3, 2, 4, 5, 7, 6, 8],
  ],
  [`y = Pad <mode = "reflect", pads = [2, 1]> (x)`, { x: counting(3) }, [6], [3, 2, 1, 2, 3, 2], 10],
  ["y = Upsample <scales = [1.0, 1.0, 2.0]> (x)", { x: counting(1, 1, 2) }, [1, 1, 4], [1, 1, 2, 2], 7],
  [
    `s = Constant <value_floats = [1.0, 1.0, 2.0]> () y = Resize <mode = "linear"> (x, "", s)`,
    { x: counting(1, 1, 2) },
    [1, 1, 4],
    [1, 1.25, 1.75, 2],
  ],
  [
    `s = Constant <value_floats = [1.0, 1.0, 2.0]> () y = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> (x, "", s)`,
    { x: { dims: [1, 1, 2], data: [0, 3] } },
    [1, 1, 4],
    [0, 1, 2, 3],
  ],
];

describe("operators by hand", () => {
  it.each(CASES.map((given) => [given[0], given] as const))("%s", (_, [body, inputs, dims, data, opset]) => {
    const y = run(body, inputs, opset === undefined ? {} : { opset });
    expect(y.dims).toEqual(dims);
    expect(values(y)).toEqual(data);
  });

  it("slices to the end, backwards and from the end", () => {
    const constants = `int64[1] a = {-2}, int64[1] z = {9223372036854775807}, int64[1] first = {-9223372036854775807},
      int64[1] axis = {0}, int64[1] back = {-1}`;
    const x = counting(4);
    expect(values(run("y = Slice(x, a, z)", { x }, { constants }))).toEqual([3, 4]);
    expect(values(run("y = Slice(x, a, first, axis, back)", { x }, { constants }))).toEqual([3, 2, 1]);
  });

  it("does not round to float32, and takes weights as they are stored", () => {
    const y = run("y = Add(x, w)", { x: { dims: [1], data: [1] } }, { constants: "float[1] w = {1e-12}" });
    expect(y.data[0]).toBe(1 + Math.fround(1e-12));
    const third = run(
      "a = Div(x, three) b = Cast <to = 1> (a) y = Mul(b, three)",
      { x: counting(1) },
      { constants: "float three = {3}" },
    );
    expect(third.data[0]).toBe(1);
  });

  it("divides integers towards zero and wraps narrow ones", () => {
    const constants =
      "int64[2] a = {7, -7}, int64[1] b = {2}, int32[1] big = {2147483647}, int32[1] one = {1}";
    const quotient = run("y = Div(a, b)", {}, { constants, y: "int64[2]" });
    expect([quotient.dtype, ...quotient.data]).toEqual(["int64", 3, -3]);
    expect(run("y = Add(big, one)", {}, { constants, y: "int32[1]" }).data[0]).toBe(-(2 ** 31));
  });

  it("quantizes to even and saturates", () => {
    const constants = "float s = {0.5}, uint8 z = {128}";
    const x: Input = { dims: [4], data: [0.25, 0.75, -1000, 1000] };
    const y = run("y = QuantizeLinear(x, s, z)", { x }, { constants, y: "uint8[4]" });
    expect([y.dtype, ...y.data]).toEqual(["uint8", 128, 130, 0, 255]);
    expect(
      values(run("q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, s, z)", { x }, { constants })),
    ).toEqual([0, 1, -64, 63.5]);
  });

  it("runs an LSTM step: input gate, output gate, forget gate, candidate", () => {
    const sigma = (v: number): number => 1 / (1 + Math.exp(-v));
    const y = run("y = LSTM <hidden_size = 1> (x, w, r)", {
      x: { dims: [2, 1, 1], data: [1, 2] },
      w: { dims: [1, 4, 1], data: [1, 2, 3, 4] },
      r: { dims: [1, 4, 1], data: [0.1, 0.2, 0.3, 0.4] },
    });
    const c1 = sigma(1) * Math.tanh(4);
    const h1 = sigma(2) * Math.tanh(c1);
    const c2 = sigma(6 + 0.3 * h1) * c1 + sigma(2 + 0.1 * h1) * Math.tanh(8 + 0.4 * h1);
    expect(y.dims).toEqual([2, 1, 1, 1]);
    expect(y.data[0]).toBeCloseTo(h1, 7);
    expect(y.data[1]).toBeCloseTo(sigma(4 + 0.2 * h1) * Math.tanh(c2), 7);
  });

  it("knows the error function to fifteen digits", () => {
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15);
    expect(erf(-1)).toBeCloseTo(-0.8427007929497149, 15);
    expect(erf(2.5)).toBeCloseTo(0.999593047982555, 15);
    expect(1 - erf(3)).toBeCloseTo(2.20904969985854e-5, 15);
    expect([erf(0), erf(10), erf(-Infinity)]).toEqual([0, 1, -1]);
  });

  it("lists its operators once each", () => {
    const names = referenceOperators();
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(130);
  });
});
