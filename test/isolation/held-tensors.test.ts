import { expect, it } from "vitest";
import { HeldTensors, takeFeeds } from "../../src/isolation/held-tensors.js";
import type { TensorMap } from "../../src/runtime/runtime.js";

const feed = (name: string, data: Uint8Array | string[]): TensorMap =>
  new Map([
    [
      name,
      {
        dtype: data instanceof Uint8Array ? ("uint8" as const) : ("string" as const),
        dims: [data.length],
        data,
      },
    ],
  ]);

it("sends a large tensor once, and gives the same feeds each time", () => {
  const [here, there] = [new HeldTensors(), new Map<number, Uint8Array>()];
  const large = new Uint8Array(2 ** 16).fill(7);
  for (const [sent, feeds] of [
    [large.length, feed("x", large)],
    [0, feed("other", large)],
    [large.length, feed("x", large.slice())],
    [3, feed("small", Uint8Array.of(1, 2, 3))],
    [3, feed("small", Uint8Array.of(1, 2, 3))],
    [0, feed("words", ["a", "b"])],
  ] as const) {
    const packed = here.pack(feeds);
    expect(packed.payloads.map(({ length }) => length)).toEqual([sent]);
    expect(takeFeeds(packed, there)).toEqual(feeds);
  }
});

it("lets go of what was used longest ago", () => {
  const [here, there] = [new HeldTensors(), new Map<number, Uint8Array>()];
  const [a, b, c] = [1, 2, 3].map((value) => new Uint8Array(2 ** 27).fill(value, 0, 1));
  const sent = (data = new Uint8Array(0)): number => {
    const packed = here.pack(feed("x", data));
    const taken = takeFeeds(packed, there).get("x")?.data;
    expect(taken?.[0]).toBe(data[0]);
    return packed.payloads[0]?.length ?? 0;
  };
  expect([sent(a), sent(b), sent(a)]).toEqual([2 ** 27, 2 ** 27, 0]);
  expect(sent(c)).toBe(2 ** 27);
  expect(there.size).toBe(2);
  expect([sent(a), sent(c), sent(b)]).toEqual([0, 0, 2 ** 27]);
  expect(there.size).toBe(2);
});
