import { describe, expect, it } from "vitest";
import type { FeedSet } from "../../src/runtime/feeds.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { classNumbers, compareTopK, type TopKReport } from "../../src/runtime/top-k.js";
import { bytesOf, tensor } from "../support/runtime.js";

const runtime = await defaultRuntime();
const SCORES = [
  [9, 5, 1, 0],
  [0, 1, 8, 7],
  [3, 3, 2, 1],
];
const SETS: FeedSet[] = SCORES.map((row, index) => ({
  name: String(index),
  feeds: new Map([["x", tensor("float", [1, 4], row)]]),
  expected: undefined,
}));

async function compare(
  result: string,
  k: number,
  labels?: readonly number[],
  sets = SETS,
): Promise<TopKReport> {
  const original =
    "g (float[N,4] x) => (float[N] s, float[N,4] y) <int64[1] i = {1}> { s = ReduceSum <keepdims = 0> (x, i)  y = Identity (x) }";
  const a = await runtime.open(bytesOf(original));
  const b = await runtime.open(
    bytesOf(`g (float[N,4] x) => (float[N,4] y) <float[4] shift = {0, 4.5, 0, 2}> { ${result} }`),
  );
  try {
    return await compareTopK(a, b, sets, k, labels);
  } finally {
    await a.close();
    await b.close();
  }
}

describe("the best classes", () => {
  it("agree by the best and by the k best; of equal scores the lower class is better", async () => {
    // Shifted: 9 9.5 1 2; 0 5.5 8 9; 3 7.5 2 3.
    expect(await compare("y = Add (x, shift)", 2)).toEqual({
      output: "y",
      k: 2,
      samples: 3,
      sameBest: 0,
      agreement: 1,
      original: undefined,
      result: undefined,
    });
    expect(await compare("y = Add (x, shift)", 1)).toMatchObject({ sameBest: 0, agreement: 0 });
    expect(await compare("y = Identity (x)", 1)).toMatchObject({ sameBest: 1, agreement: 1 });
  });

  it("are right or wrong where there are labels", async () => {
    expect(await compare("y = Add (x, shift)", 2, [0, 3, 1])).toMatchObject({
      original: { top1: 1 / 3, topK: 1 },
      result: { top1: 2 / 3, topK: 1 },
    });
  });

  it("need a label for each sample, whole numbers, and an output of scores", async () => {
    await expect(compare("y = Neg (x)", 1, [0])).rejects.toMatchObject({ id: "labels-do-not-fit-samples" });
    await expect(compare("y = Concat <axis = 1> (x, x)", 1)).rejects.toMatchObject({
      id: "scores-differ-in-size",
    });
    await expect(compare("y = Neg (x)", 1, [], [])).resolves.toMatchObject({ samples: 0 });
    expect(() => classNumbers(tensor("float", [1], [0.5]))).toThrow(/whole number/);
    expect(() => classNumbers({ dtype: "string", dims: [1], data: ["cat"] })).toThrow(/numbers of classes/);
    expect([...classNumbers(tensor("int64", [2], [7, 1]))]).toEqual([7, 1]);
  });
});
