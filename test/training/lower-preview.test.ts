import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { attribute } from "../../src/ir/attribute.js";
import type { Value } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { type DataPort, readFeeds, testDataFolders } from "../../src/node/feeds.js";
import { openModelFile } from "../../src/node/files.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { compareTensors } from "../../src/runtime/compare.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor, TensorMap } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { lowerPreviewTraining } from "../../src/training/lower-preview.js";
import { SHARED } from "../support/runtime.js";

const HEADER = `<ir_version: 8, opset_import: ["" : 17, "ai.onnx.preview.training" : 1]>`;

const floats = (...numbers: number[]): RuntimeTensor => ({
  dtype: "float",
  dims: [numbers.length],
  data: encodeNumbers("float", numbers),
});
const scalar = (dtype: "float" | "int64", number: number): RuntimeTensor => ({
  dtype,
  dims: [],
  data: encodeNumbers(dtype, [number]),
});

/** The lowered model on onnxruntime, which has none of these operators itself. */
async function run(original: Model, feeds: TensorMap): Promise<Map<string, RuntimeTensor>> {
  const before = encodeToBytes(original);
  const lowered = lowerPreviewTraining(original);
  expect(Buffer.compare(before, encodeToBytes(original))).toBe(0);
  expect(verify(lowered)).toEqual([]);
  expect(lowered.opsetImports.map(({ domain }) => domain ?? "")).toEqual([""]);
  expect([...lowered.nodes()].filter(({ domain }) => domain)).toEqual([]);
  const names = (values: readonly Value[]): string[] => values.map(({ name }) => name);
  expect(names(lowered.graph.outputs)).toEqual(names(original.graph.outputs));
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(lowered) });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

async function numbers(
  text: string,
  feeds: Record<string, RuntimeTensor>,
): Promise<Record<string, number[]>> {
  const outputs = await run(parseModel(`${HEADER}\n${text}`), new Map(Object.entries(feeds)));
  return Object.fromEntries(
    [...outputs].map(([name, { dtype, dims, data }]) => {
      if (!(data instanceof Uint8Array)) throw new Error("no numbers");
      return [
        name,
        [
          ...decodeNumbers(
            dtype,
            data,
            dims.reduce((size, dim) => size * dim, 1),
          ),
        ],
      ];
    }),
  );
}

function expectClose(got: readonly number[] | undefined, wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((number, i) => {
    expect(Math.abs((got?.[i] ?? Number.NaN) - number)).toBeLessThan(2e-6 * Math.max(1, Math.abs(number)));
  });
}

function portOf({ name, type }: Value): DataPort {
  return { name, dtype: type?.kind === "tensor" ? type.dtype : undefined };
}

describe.skipIf(SHARED === undefined)("ONNX's stored tests (skipped without ../shared/models)", () => {
  it.each(["test_adagrad_multiple", "test_adam_multiple", "test_momentum", "test_momentum_multiple"])(
    "%s",
    async (name) => {
      const path = join(SHARED ?? "", "onnx-node", name, "model.onnx");
      const original = openModelFile(path);
      // Its outputs were made with this epsilon, which the node lost on its way into the file.
      for (const node of original.nodes()) {
        if (node.opType === "Adam" && node.attribute("epsilon") === undefined)
          node.set(attribute("epsilon", 1e-2));
      }
      const ports = {
        inputs: original.graph.inputs.map(portOf),
        outputs: original.graph.outputs.map(portOf),
      };
      let compared = 0;
      for (const { feeds, expected } of testDataFolders(path).flatMap((folder) => readFeeds(folder, ports))) {
        const outputs = await run(original, feeds);
        for (const [output, stored] of expected ?? []) {
          const difference = compareTensors(stored, outputs.get(output) ?? floats());
          expect(difference.mismatch, output).toBeUndefined();
          expect(difference.maxAbsolute, output).toBeLessThan(2e-6 * Math.max(1, difference.scale));
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(1);
    },
  );
});

describe("Gradient", () => {
  it("of a sum, as in ONNX's test_gradient_of_add", async () => {
    const text = `g (float[1] a, float[1] b) => (float[1] c, float[1] da, float[1] db) {
      c = Add(a, b)
      da, db = ai.onnx.preview.training.Gradient <xs = ["a", "b"], y = "c"> (a, b)
    }`;
    expect(await numbers(text, { a: floats(2), b: floats(3) })).toEqual({ c: [5], da: [1], db: [1] });
  });

  it("of a sum and a product, as in ONNX's test_gradient_of_add_and_mul", async () => {
    const text = `g (float[1] a, float[1] b) => (float[1] d, float[1] da, float[1] db) {
      c = Add(a, b)  d = Mul(c, a)
      da, db = ai.onnx.preview.training.Gradient <xs = ["a", "b"], y = "d"> (a, b)
    }`;
    expect(await numbers(text, { a: floats(2), b: floats(3) })).toEqual({ d: [10], da: [7], db: [2] });
  });

  it("by a value in the middle, which then counts as given", async () => {
    const text = `g (float[1] a) => (float[1] dh, float[1] da) {
      h = Mul(a, a)  y = Mul(h, a)
      dh, da = ai.onnx.preview.training.Gradient <xs = ["h", "a"], y = "y"> (h, a)
    }`;
    // y = h a: by h it is a, and by a it is h = a^2, not 3 a^2.
    expect(await numbers(text, { a: floats(3) })).toEqual({ dh: [3], da: [9] });
    const given = `g (float[1] a) => (float[1] da) {
      h = Mul(a, a)  y = Mul(h, a)
      da = ai.onnx.preview.training.Gradient <xs = ["a"], zs = ["h"], y = "y"> (a, h)
    }`;
    expect(await numbers(given, { a: floats(3) })).toEqual({ da: [9] });
  });

  it("at other values than the model's, and at one value for two names", async () => {
    const text = `g (float[1] a, float[1] b, float[1] at) => (float[1] y, float[1] da, float[1] db) {
      p = Mul(a, a)  y = Mul(p, b)
      da, db = ai.onnx.preview.training.Gradient <xs = ["a", "b"], y = "y"> (at, at)
    }`;
    const feeds = { a: floats(1), b: floats(2), at: floats(5) };
    expect(await numbers(text, feeds)).toEqual({ y: [2], da: [50], db: [25] });
  });

  it("of a gradient, for the second derivative", async () => {
    const text = `g (float[1] x) => (float[1] first, float[1] second) {
      p = Mul(x, x)  y = Mul(p, x)
      first = ai.onnx.preview.training.Gradient <xs = ["x"], y = "y"> (x)
      second = ai.onnx.preview.training.Gradient <xs = ["x"], y = "first"> (x)
    }`;
    expect(await numbers(text, { x: floats(4) })).toEqual({ first: [48], second: [24] });
  });

  it("leaves out an unused output, and feeds an optimizer in the same graph", async () => {
    const text = `g (float R, int64 T, float[2] x, float[2] w, float[2] v) => (float[2] w2, float[2] v2) {
      p = Mul(x, w)  y = ReduceSum <keepdims = 0> (p)
      ,dw = ai.onnx.preview.training.Gradient <xs = ["x", "w"], y = "y"> (x, w)
      w2, v2 = ai.onnx.preview.training.Momentum <alpha = 0.5, beta = 1.0, mode = "standard", norm_coefficient = 0.0> (R, T, w, dw, v)
    }`;
    const feeds = { R: scalar("float", 0.5), T: scalar("int64", 3), x: floats(1, 2), w: floats(3, 4) };
    expect(await numbers(text, { ...feeds, v: floats(2, 2) })).toEqual({ w2: [2, 2.5], v2: [2, 3] });
  });
});

describe("optimizers, against the formulas of the specification", () => {
  const [R, x, g, v, h] = [0.1, [1, -2, 0.5], [0.3, 0.2, -0.7], [0.1, -0.1, 0.2], [0.4, 0.01, 0.9]];
  const feedsAt = (T: number): Record<string, RuntimeTensor> => ({
    R: scalar("float", R),
    T: scalar("int64", T),
    X: floats(...x),
    G: floats(...g),
    V: floats(...v),
    H: floats(...h),
  });
  const each = <T>(body: (x: number, g: number, v: number, h: number) => T): T[] =>
    x.map((value, i) => body(value, g[i] ?? 0, v[i] ?? 0, h[i] ?? 0));

  it.each(["standard", "nesterov"])("Momentum, mode %s, in the first step and later", async (mode) => {
    for (const T of [0, 4]) {
      const got = await numbers(
        `g (float R, int64 T, float[3] X, float[3] G, float[3] V) => (float[3] x, float[3] v) {
          x, v = ai.onnx.preview.training.Momentum <alpha = 0.9, beta = 0.25, mode = "${mode}", norm_coefficient = 0.01> (R, T, X, G, V)
        }`,
        feedsAt(T),
      );
      const wanted = each((x, g, v) => {
        const gradient = 0.01 * x + g;
        const velocity = 0.9 * v + (T > 0 ? 0.25 : 1) * gradient;
        const direction = mode === "standard" ? velocity : gradient + 0.9 * velocity;
        return [x - R * direction, velocity];
      });
      expectClose(
        got["x"],
        wanted.map(([x = 0]) => x),
      );
      expectClose(
        got["v"],
        wanted.map(([, v = 0]) => v),
      );
    }
  });

  it("Adam, with the decay after the step, where T is 0, 1 and large", async () => {
    for (const T of [0, 1, 100_000]) {
      const got = await numbers(
        `g (float R, int64 T, float[3] X, float[3] G, float[3] V, float[3] H) => (float[3] x, float[3] v, float[3] h) {
          x, v, h = ai.onnx.preview.training.Adam <norm_coefficient = 0.01, norm_coefficient_post = 0.1> (R, T, X, G, V, H)
        }`,
        feedsAt(T),
      );
      const rate = T > 0 ? (R * Math.sqrt(1 - 0.999 ** T)) / (1 - 0.9 ** T) : R;
      const wanted = each((x, g, v, h) => {
        const gradient = 0.01 * x + g;
        const [average, squares] = [0.9 * v + 0.1 * gradient, 0.999 * h + 0.001 * gradient ** 2];
        return [0.9 * (x - (rate * average) / (Math.sqrt(squares) + 1e-6)), average, squares];
      });
      expectClose(
        got["x"],
        wanted.map(([x = 0]) => x),
      );
      expectClose(
        got["v"],
        wanted.map(([, v = 0]) => v),
      );
      expectClose(
        got["h"],
        wanted.map(([, , h = 0]) => h),
      );
    }
  });

  it("Adagrad, with and without a decaying rate", async () => {
    for (const decay of [0, 0.5]) {
      const got = await numbers(
        `g (float R, int64 T, float[3] X, float[3] G, float[3] H) => (float[3] x, float[3] h) {
          x, h = ai.onnx.preview.training.Adagrad <decay_factor = ${decay.toFixed(1)}, norm_coefficient = 0.01> (R, T, X, G, H)
        }`,
        feedsAt(3),
      );
      const wanted = each((x, g, _, h) => {
        const gradient = 0.01 * x + g;
        const squares = h + gradient ** 2;
        return [x - ((R / (1 + 3 * decay)) * gradient) / (Math.sqrt(squares) + 1e-6), squares];
      });
      expectClose(
        got["x"],
        wanted.map(([x = 0]) => x),
      );
      expectClose(
        got["h"],
        wanted.map(([, h = 0]) => h),
      );
    }
  });
});

describe("refusals", () => {
  const T = "ai.onnx.preview.training";
  it.each([
    [
      `g (float[1] a) => (float[1] b) { b = ${T}.Lion(a) }`,
      "preview-operator-is-unknown",
      /Lion is none of Gradient, Adagrad, Adam, Momentum/,
    ],
    [
      `g (float[1] a) => (float[1] b) { c = Neg(a)  b = ${T}.Gradient <xs = ["a"], y = "d"> (a) }`,
      "gradient-name-is-unknown",
      /called "d"/,
    ],
    [
      `g (float[1] a) => (float[1] b) { c = Neg(a)  b = ${T}.Gradient <xs = ["a", "c"], y = "c"> (a) }`,
      "gradient-inputs-do-not-match",
      /1 inputs for 2 names/,
    ],
    [
      `g (float[1] a) => (float[1] b) { k = Constant <value = int64[1] {1}> () c = CenterCropPad(a, k)  b = ${T}.Gradient <xs = ["a"], y = "c"> (a) }`,
      "operator-has-no-gradient",
      /CenterCropPad/,
    ],
    [
      `g (float R, int64 N, float[1] a) => (float[1] b) { b = ${T}.Adagrad(R, N, a, a) }`,
      "optimizer-inputs-do-not-match",
      /R, T and 3 tensors for each variable, and has 4 inputs/,
    ],
    [
      `g (float R, int64 N, float[1] a) => (float[1] b) { b = ${T}.Momentum <mode = "odd"> (R, N, a, a, a) }`,
      "momentum-attributes-are-missing",
      /needs alpha, beta and a mode/,
    ],
  ])("%s", (text, id, message) => {
    expect(() => lowerPreviewTraining(parseModel(`${HEADER}\n${text}`))).toThrow(
      expect.objectContaining({ id, message: expect.stringMatching(message) }),
    );
  });

  it("gives a model without such operators back as a copy", () => {
    const model = parseModel(
      `<ir_version: 8, opset_import: ["" : 12]> g (float[1] a) => (float[1] b) { b = Neg(a) }`,
    );
    const copy = lowerPreviewTraining(model);
    expect(copy).not.toBe(model);
    expect(Buffer.compare(encodeToBytes(copy), encodeToBytes(model))).toBe(0);
  });
});
