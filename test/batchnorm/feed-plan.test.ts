import { describe, expect, it } from "vitest";
import { feedsOf, planFeeds } from "../../src/batchnorm/feed-plan.js";
import { parseGraph } from "../../src/text/parse.js";
import { dataOf, tensor } from "./support.js";

const modelOf = (inputs: string): ReturnType<typeof parseGraph> =>
  parseGraph(`g (${inputs}) => (float y) { y = Neg (x) }`, { opset: 17 });

const one = tensor([2, 3], [1, 2, 3, 4, 5, 6]);

describe("planFeeds", () => {
  it("matches fields by name, and those of an archive without names by position", () => {
    const model = modelOf("float[N,3] x, float[N,3] z");
    expect(planFeeds(model, dataOf({ z: one, x: one })).pairs).toEqual([
      { input: "x", field: "x" },
      { input: "z", field: "z" },
    ]);
    expect(planFeeds(model, dataOf({ arr_0: one, arr_1: one })).pairs).toEqual([
      { input: "x", field: "arr_0" },
      { input: "z", field: "arr_1" },
    ]);
  });

  it("gives the batch size that the inputs fix", () => {
    expect(planFeeds(modelOf("float[N,3] x"), dataOf({ x: one })).fixedBatch).toBeUndefined();
    expect(planFeeds(modelOf("float[8,3] x"), dataOf({ x: one })).fixedBatch).toBe(8);
  });

  it.each([
    ["data-lacks-input", "float[N,3] z"],
    ["data-type-differs-from-input", "int64[N,3] x"],
    ["sample-shape-differs-from-input", "float[N,4] x"],
    ["inputs-fix-other-batch-sizes", "float[8,3] x, float[4,3] w"],
  ])("refuses: %s", (id, inputs) => {
    const model = modelOf(inputs.includes(" x") ? inputs : `float[N,3] x, ${inputs}`);
    expect(() => planFeeds(model, dataOf({ x: one, w: one }))).toThrow(expect.objectContaining({ id }));
  });
});

it("feedsOf refuses batches that are not finite or lack a field", () => {
  const plan = planFeeds(modelOf("float[N,3] x"), dataOf({ x: one }));
  const batch = (tensors: ReadonlyMap<string, typeof one>): Parameters<typeof feedsOf>[0] => ({
    tensors,
    size: 2,
  });
  expect(feedsOf(batch(new Map([["x", one]])), plan, 0).get("x")).toBe(one);
  const broken = tensor([1, 3], [1, Number.NaN, 3]);
  expect(() => feedsOf(batch(new Map([["x", broken]])), plan, 0)).toThrow(
    expect.objectContaining({ id: "batch-is-not-finite" }),
  );
  expect(() => feedsOf(batch(new Map()), plan, 0)).toThrow(
    expect.objectContaining({ id: "batch-lacks-field" }),
  );
});
