import { expect, it } from "vitest";
import { packTensors, unpackTensors } from "../../src/isolation/messages.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";

it("carries tensors of numbers and of strings", () => {
  const tensors = new Map<string, RuntimeTensor>([
    ["x", { dtype: "float16", dims: [1, 2], data: Uint8Array.of(0, 60, 0, 64) }],
    ["s", { dtype: "string", dims: [2], data: ["", "ä"] }],
    ["none", { dtype: "float", dims: [0, 3], data: new Uint8Array(0) }],
  ]);
  const { heads, payloads } = packTensors(tensors);
  expect(unpackTensors(JSON.parse(JSON.stringify(heads)), payloads)).toEqual(tensors);
});
