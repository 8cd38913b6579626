import { describe, expect, it } from "vitest";
import { Contents, changeOf } from "../../src/diff/weights.js";
import { Tensor, tensorFromBigInts, tensorFromNumbers } from "../../src/ir/tensor.js";
import { parseGraph } from "../../src/text/parse.js";

const [value] = parseGraph("g () => () <float[1] w = {1}> { }").graph.initializers;

function change(a: Tensor, b: Tensor) {
  if (value === undefined) throw new Error("the graph has no initializer");
  const { elements, maxDifference } = changeOf({ value, tensor: a }, { value, tensor: b }, "");
  return [elements, maxDifference];
}

const floats = (...values: number[]): Tensor => tensorFromNumbers("float", [values.length], values);

describe("changeOf", () => {
  it("counts elements and finds the largest difference", () => {
    expect(change(floats(1, 2, 3), floats(1, 2.5, 2))).toEqual([2, 1]);
    expect(change(floats(0, 1), floats(-0, 1))).toEqual([1, 0]);
    expect(change(floats(1, 2), floats(Number.NaN, 2))).toEqual([1, undefined]);
    expect(change(floats(1, 2), floats(1, 2, 3))).toEqual([undefined, undefined]);
  });

  it("compares numbers of different types", () => {
    expect(change(floats(1, 2), tensorFromNumbers("float16", [2], [1, 2.5]))).toEqual([1, 0.5]);
  });

  it("sees integers beyond 2^53", () => {
    const big = 2n ** 53n;
    expect(change(tensorFromBigInts([2], [big, 1n]), tensorFromBigInts([2], [big + 1n, 1n]))).toEqual([1, 0]);
  });

  it("counts strings", () => {
    const strings = (...texts: string[]): Tensor =>
      new Tensor("string", [texts.length], {
        kind: "strings",
        values: texts.map((text) => new TextEncoder().encode(text)),
      });
    expect(change(strings("a", "b"), strings("a", "c"))).toEqual([1, undefined]);
  });
});

describe("Contents", () => {
  it("gives tensors with the same type and elements one number", () => {
    const contents = new Contents();
    const long = Array.from({ length: 20 }, (_, i) => i);
    const first = contents.idOf(floats(...long));
    expect(contents.idOf(floats(...long))).toBe(first);
    // They begin alike.
    expect(contents.idOf(floats(...long.slice(0, -1), 7))).not.toBe(first);
    expect(contents.idOf(floats(...long).reshaped([4, 5]))).not.toBe(first);
    expect(contents.idOf(floats(...long))).toBe(first);
  });
});
