import { describe, expect, it } from "vitest";
import { prepare } from "../../src/batchnorm/prepare.js";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { modelOf } from "../support/rewrite.js";

const zeros = (count: number): string => new Array<number>(count).fill(0).join(",");

const NETWORK = `net (float[N,2,9,11] x) => (float[N,3,7,8] y)
  <float[6,2,5,5] w = {${zeros(300)}}, float[6] b = {1,2,3,4,5,6}, float[3,6,1,1] v = {${zeros(18)}}, float ratio = {0.5},
   float[6,6,5,5] d = {${zeros(900)}}> {
    u = Conv <pads = [2, 2, 1, 1]> (x, w, b)  h = Relu(u)  n = LRN <size = 5> (h)  o = Dropout(n, ratio)
    q = Conv <pads = [4, 4, 4, 4], dilations = [2, 2]> (o, d)
    z = Conv <strides = [1, 1], kernel_shape = [1, 1]> (q, v)  r = LeakyRelu(z)  s = MaxPool <kernel_shape = [2, 3]> (r)  y = Identity(s)
  }`;

async function shapeOf(model: Parameters<typeof encodeToBytes>[0]): Promise<readonly number[]> {
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(model) });
  const data = encodeNumbers(
    "float",
    Array.from({ length: 2 * 2 * 99 }, (_, i) => Math.sin(i)),
  );
  const results = await session.run(new Map([["x", { dtype: "float" as const, dims: [2, 2, 9, 11], data }]]));
  await session.close();
  return results.get("y")?.dims ?? [];
}

describe("the recipe of the paper", () => {
  it("takes Dropout and LRN out, splits 5x5 kernels, normalizes, keeps sizes", async () => {
    const before = modelOf(NETWORK);
    const { model, report } = await prepare(before, "batchnorm-paper");
    expect(verify(model)).toEqual([]);
    const types = [...model.nodes()].map(({ opType }) => opType);
    expect(types).not.toContain("LRN");
    expect(types).not.toContain("Dropout");
    expect(types.filter((type) => type === "Conv")).toHaveLength(4);
    expect(types.filter((type) => type === "BatchNormalization").length).toBeGreaterThanOrEqual(3);
    expect(report.steps.map(({ nodes }) => nodes.length)).toEqual([1, 1, 1, report.inserted.sites.length]);
    expect(report.kept).toEqual([
      { node: 'Conv "q"', id: "convolution-is-dilated", reason: "it is dilated" },
    ]);
    expect(report.settings.join(" ")).toMatch(/learning rate/);
    expect(await shapeOf(model)).toEqual(await shapeOf(before));
  });

  it("draws the same kernels for the same seed, and others for another", async () => {
    const bytes = async (seed: number): Promise<string> =>
      Buffer.from(
        encodeToBytes((await prepare(modelOf(NETWORK), "batchnorm-paper", { seed })).model),
      ).toString("hex");
    expect(await bytes(3)).toBe(await bytes(3));
    expect(await bytes(3)).not.toBe(await bytes(4));
  });
});

describe("what the recipe leaves as it is", () => {
  const kernel = (dims: readonly number[], dtype = "float"): string =>
    `${dtype}[${dims.join(",")}] w = {${zeros(dims.reduce((a, b) => a * b, 1))}}`;
  it.each([
    ["a kernel of groups", "group = 2, ", kernel([4, 2, 5, 5]), "convolution-has-groups"],
    ["a dilated kernel", "dilations = [1, 2], ", kernel([4, 4, 5, 5]), "convolution-is-dilated"],
    ["automatic pads", 'auto_pad = "SAME_UPPER", ', kernel([4, 4, 5, 5]), "auto-pad-is-not-shared"],
    ["a kernel of half precision", "", kernel([4, 4, 5, 5], "float16"), "kernel-type-is-not-split"],
  ])("%s", async (_, attributes, weight, id) => {
    const dtype = weight.startsWith("float16") ? "float16" : "float";
    const model = modelOf(
      `g (${dtype}[N,4,9,9] x) => (y) <${weight}> { c = Conv <${attributes}kernel_shape = [5, 5]> (x, w) r = Relu (c) y = Neg (r) }`,
    );
    const { report } = await prepare(model, "batchnorm-paper");
    expect(report.kept.map((each) => each.id)).toEqual([id]);
  });

  it("everything, for a recipe that it does not know", async () => {
    // A caller in JavaScript may give any text.
    const recipe: Parameters<typeof prepare>[1] = JSON.parse('"bread"');
    await expect(prepare(modelOf(NETWORK), recipe)).rejects.toMatchObject({ id: "unknown-recipe" });
  });
});
