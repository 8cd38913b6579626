import { describe, it } from "vitest";
import { checkGradient, expectRuleRefuses, modelOf } from "../../support/gradient.js";

/** A shuffled ramp: no two elements are near each other, so that a step of the differences changes no maximum. */
const ramp = (_: unknown, index: number): number => ((index * 37) % 101) / 10 - 5;

function poolText(head: string, ...sizes: readonly number[]): string {
  return `g (float[${sizes.join()}] x) => (float[${sizes.map((_, i) => `y${i}`).join()}] y) { y = ${head} (x) }`;
}

describe("MaxPool", () => {
  it.each([
    ["overlapping", poolText("MaxPool <kernel_shape = [3, 2], strides = [1, 1]>", 2, 3, 5, 4)],
    ["apart", poolText("MaxPool <kernel_shape = [2, 2], strides = [2, 2]>", 2, 2, 4, 6)],
    ["on one axis", poolText("MaxPool <kernel_shape = [3], strides = [2], pads = [1, 1]>", 2, 3, 7)],
    ["on three axes", poolText("MaxPool <kernel_shape = [2, 1, 2], strides = [1, 2, 2]>", 1, 2, 3, 4, 5)],
    [
      "padded",
      poolText("MaxPool <kernel_shape = [3, 3], pads = [1, 0, 1, 2], strides = [2, 1]>", 1, 2, 5, 4),
    ],
    ["dilated", poolText("MaxPool <kernel_shape = [2, 2], dilations = [2, 3]>", 1, 2, 5, 6)],
    ["rounding up", poolText("MaxPool <kernel_shape = [3, 2], strides = [2, 2], ceil_mode = 1>", 1, 2, 6, 5)],
    [
      "SAME_UPPER",
      poolText('MaxPool <kernel_shape = [3, 2], strides = [2, 2], auto_pad = "SAME_UPPER">', 1, 2, 5, 4),
    ],
  ])("%s", async (_, text) => {
    await checkGradient(text, { feeds: { x: ramp } });
  });

  it("gives the gradients of several windows to the element that is the largest of all", async () => {
    const text = poolText("MaxPool <kernel_shape = [2, 2]>", 1, 1, 3, 3);
    const x = [0, 0, 0, 0, 9, 0, 0, 0, 0];
    await checkGradient(text, {
      feeds: { x },
      seeds: [1, 2, 3, 4],
      expected: { x: [0, 0, 0, 0, 10, 0, 0, 0, 0] },
    });
  });

  it("gives the gradient of equal elements to the first", async () => {
    const text = poolText("MaxPool <kernel_shape = [2, 2], strides = [2, 2]>", 1, 1, 2, 2);
    await checkGradient(text, { feeds: { x: [1, 3, 3, 3] }, seeds: [5], expected: { x: [0, 5, 0, 0] } });
  });

  it("refuses the column order and half floats", () => {
    const column = modelOf(poolText("MaxPool <kernel_shape = [2, 2], storage_order = 1>", 1, 1, 3, 3));
    expectRuleRefuses(column, "y", "x", "indices-are-column-major");
    const half = modelOf(
      "g (float16[1,1,4] x) => (float16[1,1,3] y) { y = MaxPool <kernel_shape = [2]> (x) }",
    );
    expectRuleRefuses(half, "y", "x", "half-floats-are-not-scattered");
  });
});

describe("AveragePool", () => {
  const heads = [
    "kernel_shape = [3, 2]",
    "kernel_shape = [2, 2], strides = [2, 2]",
    "kernel_shape = [3, 3], pads = [1, 0, 1, 2], strides = [2, 1]",
    "kernel_shape = [3, 3], pads = [1, 0, 1, 2], strides = [2, 1], count_include_pad = 1",
    "kernel_shape = [3, 2], strides = [2, 3], ceil_mode = 1",
    "kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1, pads = [1, 1, 1, 1]",
    "kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1, pads = [1, 1, 1, 1], count_include_pad = 1",
    "kernel_shape = [2, 2], dilations = [2, 3], pads = [1, 0, 0, 1]",
    "kernel_shape = [2, 2], dilations = [2, 1], pads = [1, 0, 0, 1], count_include_pad = 1",
  ];
  it.each(heads)("%s", async (head) => {
    await checkGradient(poolText(`AveragePool <${head}>`, 2, 3, 6, 5));
  });

  it("on one axis, on three, with auto_pad", async () => {
    await checkGradient(poolText("AveragePool <kernel_shape = [3], strides = [2], pads = [1, 1]>", 2, 3, 6));
    await checkGradient(
      poolText("AveragePool <kernel_shape = [2, 1, 3], pads = [1, 0, 1, 0, 0, 1]>", 1, 2, 3, 2, 4),
    );
    const same = 'AveragePool <kernel_shape = [3, 2], strides = [2, 2], auto_pad = "SAME_LOWER">';
    await checkGradient(poolText(same, 1, 2, 5, 4), { symbolic: false });
  });
});

describe("LpPool", () => {
  it.each([1, 2, 3])("with p = %d", async (p) => {
    const far = (_: unknown, index: number): number =>
      (index % 2 === 0 ? 1 : -1) * (0.5 + ((index * 7) % 11) / 4);
    await checkGradient(
      poolText(`LpPool <kernel_shape = [3, 2], strides = [2, 1], pads = [1, 0, 0, 1], p = ${p}>`, 2, 2, 5, 4),
      {
        feeds: { x: far },
      },
    );
    await checkGradient(poolText(`GlobalLpPool <p = ${p}>`, 2, 3, 4, 2), { feeds: { x: far } });
  });

  it("is 0 where a window holds zeros alone", async () => {
    const feeds = { x: [0, 0, 3, 4] };
    const text = poolText("LpPool <kernel_shape = [2], strides = [2]>", 1, 1, 4);
    await checkGradient(text, { feeds, seeds: [1, 5], expected: { x: [0, 0, 3, 4] } });
    await checkGradient(poolText("GlobalLpPool", 2, 1, 2), {
      feeds,
      seeds: [1, 5],
      expected: { x: [0, 0, 3, 4] },
    });
  });
});

describe("pools over everything", () => {
  it.each(["GlobalAveragePool", "GlobalMaxPool"])("%s", async (op) => {
    await checkGradient(poolText(op, 2, 3, 4, 5), { feeds: { x: ramp }, rankless: false });
    await checkGradient(poolText(op, 2, 3, 7), { feeds: { x: ramp }, rankless: false });
  });

  it("split the gradient of a maximum among equal elements", async () => {
    const options = {
      feeds: { x: [2, 1, 2, 2] },
      seeds: [6],
      rankless: false,
      expected: { x: [2, 0, 2, 2] },
    };
    await checkGradient(poolText("GlobalMaxPool", 1, 1, 4), options);
  });

  it("need a rank", () => {
    const model = modelOf("g (float x) => (float y) { y = GlobalAveragePool (x) }");
    const [x] = model.graph.inputs;
    if (x !== undefined) x.info = { name: "x", type: { kind: "tensor", dtype: "float", shape: undefined } };
    expectRuleRefuses(model, "y", "x", "input-rank-is-unknown");
  });
});
