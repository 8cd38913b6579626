import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/base/random.js";
import {
  addedOperators,
  checkGradient,
  emit,
  expectRuleRefuses,
  type GradientCase,
  modelOf,
} from "../../support/gradient.js";

/** An initializer of seeded numbers, in ONNX's textual syntax. */
function numbers(name: string, ...dims: readonly number[]): string {
  const random = createRandom(dims.reduce((sum, dim) => 7 * sum + dim, 3));
  const values = Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal().toFixed(3));
  return `float[${dims.join()}] ${name} = {${values.join()}}`;
}

interface ConvCase {
  readonly op?: "Conv" | "ConvTranspose";
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes?: string;
  readonly bias?: number;
}

/** The weight and the bias are initializers, so that their sizes stay known when those of x are symbols. */
function textOf({ op = "Conv", x, w, attributes, bias }: ConvCase): string {
  const constants = [numbers("w", ...w), ...(bias === undefined ? [] : [numbers("b", bias)])];
  const inputs = bias === undefined ? "x, w" : "x, w, b";
  const head = attributes === undefined ? op : `${op} <${attributes}>`;
  return `g (float[${x.join()}] x) => (float[${x.map((_, i) => `y${i}`).join()}] y) <${constants.join(", ")}> { y = ${head} (${inputs}) }`;
}

async function check(of: ConvCase, options: GradientCase = {}): Promise<void> {
  const wrt = of.bias === undefined ? ["x", "w"] : ["x", "w", "b"];
  await checkGradient(textOf(of), { wrt, ...options });
}

describe("Conv", () => {
  it.each<readonly [string, ConvCase]>([
    ["without attributes", { x: [2, 3, 5, 4], w: [4, 3, 3, 2], bias: 4 }],
    ["on one axis", { x: [2, 3, 7], w: [2, 3, 3], attributes: "pads = [1, 2], strides = [2]" }],
    ["on three axes", { x: [1, 2, 4, 3, 5], w: [3, 2, 2, 1, 3], attributes: "strides = [2, 1, 2]", bias: 3 }],
    ["of one point", { x: [2, 3, 4, 5], w: [4, 3, 1, 1], bias: 4 }],
    ["of one point, strided", { x: [2, 3, 5, 4], w: [4, 3, 1, 1], attributes: "strides = [2, 3]" }],
    ["of one point, padded", { x: [2, 3, 3, 4], w: [2, 3, 1, 1], attributes: "pads = [1, 0, 0, 1]" }],
    ["padded unevenly", { x: [2, 2, 5, 4], w: [3, 2, 3, 3], attributes: "pads = [0, 1, 2, 1]" }],
    ["padded beyond its reach", { x: [1, 2, 4, 3], w: [3, 2, 2, 2], attributes: "pads = [2, 2, 2, 2]" }],
    [
      "strided, with a rest",
      { x: [2, 2, 6, 8], w: [3, 2, 3, 3], attributes: "strides = [2, 3], pads = [1, 1, 1, 1]" },
    ],
    ["dilated", { x: [1, 2, 7, 6], w: [2, 2, 3, 2], attributes: "dilations = [2, 3], pads = [1, 0, 1, 2]" }],
    [
      "strided and dilated",
      {
        x: [2, 2, 9, 8],
        w: [3, 2, 3, 2],
        attributes: "dilations = [2, 1], strides = [2, 3], pads = [2, 1, 1, 0]",
      },
    ],
    [
      "strided more than dilated",
      { x: [1, 2, 10], w: [2, 2, 3], attributes: "dilations = [2], strides = [3]" },
    ],
    [
      "in groups",
      { x: [2, 4, 5, 4], w: [6, 2, 3, 2], attributes: "group = 2, pads = [1, 0, 1, 1]", bias: 6 },
    ],
    ["in groups, strided", { x: [2, 6, 6, 5], w: [3, 2, 2, 3], attributes: "group = 3, strides = [2, 2]" }],
    ["depthwise", { x: [2, 3, 5, 4], w: [3, 1, 3, 3], attributes: "group = 3, pads = [1, 1, 1, 1]" }],
    [
      "depthwise, strided",
      { x: [2, 3, 6, 5], w: [3, 1, 3, 3], attributes: "group = 3, strides = [2, 2], pads = [1, 1, 1, 1]" },
    ],
    ["depthwise with a multiplier", { x: [1, 2, 5], w: [4, 1, 3], attributes: "group = 2" }],
    ["of many channels", { x: [2, 16, 4, 3], w: [2, 16, 2, 2], attributes: "pads = [1, 0, 0, 1]" }],
    ["of several channels, a product for each image", { x: [2, 3, 7, 6], w: [4, 3, 2, 2] }],
    ["of several channels, padded", { x: [2, 4, 6, 5], w: [3, 4, 3, 3], attributes: "pads = [1, 0, 2, 1]" }],
    [
      "of several channels, dilated",
      { x: [1, 3, 6, 7], w: [3, 3, 2, 3], attributes: "dilations = [3, 2], pads = [2, 2, 1, 3]" },
    ],
    [
      "of more channels than outputs, a product for each image",
      { x: [2, 4, 6, 7], w: [3, 4, 3, 2], attributes: "pads = [2, 0, 1, 1]" },
    ],
    ["of several channels on one axis", { x: [2, 3, 6], w: [3, 3, 3], attributes: "pads = [1, 1]" }],
    [
      "of several channels on three axes",
      { x: [1, 3, 3, 4, 3], w: [3, 3, 2, 3, 2], attributes: "pads = [1, 1, 0, 0, 1, 1]" },
    ],
    [
      "of several channels, smaller than its kernel",
      { x: [2, 3, 1, 2], w: [3, 3, 3, 3], attributes: "pads = [1, 1, 1, 1]" },
    ],
    [
      "of several channels, strided",
      { x: [2, 4, 6, 4], w: [3, 4, 3, 3], attributes: "strides = [2, 2], pads = [1, 1, 1, 1]" },
    ],
    [
      "of several channels, strided and dilated",
      {
        x: [1, 4, 6, 9],
        w: [3, 4, 3, 2],
        attributes: "strides = [3, 3], dilations = [2, 3], pads = [2, 1, 0, 2]",
      },
    ],
    ["of patches", { x: [2, 4, 4, 6], w: [3, 4, 2, 2], attributes: "strides = [2, 2]" }],
    [
      "of several channels, strided, with a rest",
      { x: [2, 4, 8, 6], w: [3, 4, 2, 3], attributes: "strides = [2, 2]" },
    ],
    [
      "of many channels, strided",
      { x: [1, 16, 6, 5], w: [2, 16, 3, 2], attributes: "strides = [2, 2], dilations = [1, 2]" },
    ],
    ["SAME_UPPER", { x: [1, 2, 5, 4], w: [2, 2, 2, 3], attributes: 'auto_pad = "SAME_UPPER"' }],
    ["SAME_LOWER", { x: [1, 2, 5, 4], w: [2, 2, 2, 3], attributes: 'auto_pad = "SAME_LOWER"' }],
    ["VALID", { x: [1, 2, 5, 4], w: [2, 2, 2, 3], attributes: 'auto_pad = "VALID", strides = [2, 1]' }],
  ])("%s", async (_, of) => {
    await check(of);
  });

  it("works out the pads of auto_pad with strides where the sizes are known", async () => {
    const attributes = 'auto_pad = "SAME_LOWER", strides = [2, 2]';
    await check({ x: [1, 2, 5, 6], w: [2, 2, 3, 3], attributes }, { symbolic: false });
    const model = modelOf(
      `g (float[1,2,H,W] x) => (float[1,2,h,w] y) <${numbers("w", 2, 2, 3, 3)}> { y = Conv <${attributes}> (x, w) }`,
    );
    expectRuleRefuses(model, "y", "x", "auto-pad-depends-on-unknown-sizes");
  });

  it("needs the size of the kernel", () => {
    const text = "g (float[1,2,5,5] x, float[m,2,k,k] w) => (float[1,m,p,p] y) { y = Conv (x, w) }";
    expectRuleRefuses(text, "y", "x", "kernel-size-is-unknown");
  });

  it("takes a weight that is an input, and one gradient alone", async () => {
    const text =
      "g (float[2,2,4,3] x, float[3,2,2,2] w) => (float[2,3,3,2] y) { y = Conv <kernel_shape = [2, 2]> (x, w) }";
    await checkGradient(text);
    await checkGradient(text, { wrt: ["w"] });
  });

  it("chooses the form of the weight's gradient by shape", () => {
    const added = (of: ConvCase): string => {
      const model = modelOf(textOf(of));
      return addedOperators(model, emit(model, "y", ["w"]));
    };
    expect(added({ x: [2, 3, 4, 4], w: [4, 3, 1, 1] })).toMatchInlineSnapshot(
      `"Flatten 2, Gemm 1, Reshape 1, Transpose 2"`,
    );
    expect(added({ x: [2, 16, 4, 4], w: [4, 16, 2, 2] })).toMatchInlineSnapshot(
      `"Concat 2, Flatten 3, Gemm 2, Pad 1, Reshape 2, Slice 4, Transpose 3"`,
    );
    expect(added({ x: [2, 3, 8, 8], w: [4, 3, 2, 2] })).toMatchInlineSnapshot(
      `"Concat 2, MatMul 2, Pad 3, ReduceSum 2, Reshape 5, Slice 2, Transpose 3"`,
    );
    const strided: ConvCase = { x: [2, 16, 4, 4], w: [4, 16, 2, 2], attributes: "strides = [2, 2]" };
    expect(added(strided)).toMatchInlineSnapshot(
      `"MatMul 1, ReduceSum 1, Reshape 5, Slice 1, SpaceToDepth 1, Transpose 3"`,
    );
    expect(added({ x: [2, 2, 4, 4], w: [4, 2, 2, 2] })).toMatchInlineSnapshot(`"Conv 1, Transpose 3"`);
    const point = modelOf(textOf({ x: [2, 3, 4, 4], w: [4, 3, 1, 1] }));
    expect(addedOperators(point, emit(point, "y", ["x"]))).toMatchInlineSnapshot(`"Conv 1, Transpose 1"`);
  });
});

describe("ConvTranspose", () => {
  it.each<readonly [string, ConvCase]>([
    ["without attributes", { x: [2, 3, 3, 4], w: [3, 2, 2, 3], bias: 2 }],
    ["on one axis", { x: [2, 3, 4], w: [3, 2, 3], attributes: "strides = [2], pads = [1, 0]" }],
    ["on three axes", { x: [1, 2, 2, 3, 2], w: [2, 2, 2, 1, 3], attributes: "strides = [2, 1, 2]" }],
    [
      "strided and padded",
      { x: [2, 2, 3, 4], w: [2, 3, 3, 3], attributes: "strides = [2, 2], pads = [1, 1, 1, 0]" },
    ],
    [
      "with output_padding",
      {
        x: [1, 2, 3, 3],
        w: [2, 3, 3, 2],
        attributes: "strides = [3, 2], output_padding = [2, 1], pads = [1, 0, 1, 0]",
      },
    ],
    ["dilated", { x: [1, 2, 3, 4], w: [2, 2, 2, 3], attributes: "dilations = [2, 1], strides = [1, 2]" }],
    ["in groups", { x: [2, 4, 3, 2], w: [4, 3, 2, 2], attributes: "group = 2, strides = [2, 1]", bias: 6 }],
    ["of many channels", { x: [1, 3, 3, 2], w: [3, 16, 2, 2], attributes: "strides = [2, 2]" }],
    [
      "SAME_UPPER",
      { x: [1, 2, 3, 4], w: [2, 2, 4, 3], attributes: 'auto_pad = "SAME_UPPER", strides = [2, 1]' },
    ],
  ])("%s", async (_, of) => {
    await check({ op: "ConvTranspose", ...of });
  });

  it("works out the pads of output_shape where the sizes are known", async () => {
    const of: ConvCase = { op: "ConvTranspose", x: [1, 2, 3, 3], w: [2, 2, 3, 3] };
    await check({ ...of, attributes: "strides = [2, 2], output_shape = [5, 5]" }, { symbolic: false });
    const odd = modelOf(textOf({ ...of, attributes: "strides = [2, 2], output_shape = [6, 6]" }));
    expectRuleRefuses(odd, "y", "x", "output-shape-leaves-odd-padding");
  });
});
