import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { memoryForWork, predictMemory } from "../../src/batch/memory.js";
import { folderWith } from "./support.js";

it("predicts more for a model whose data is in files beside it", () => {
  const folder = folderWith("a.onnx", "b.onnx", "b.onnx.data", "c.onnx", "c_data_0");
  for (const name of ["b.onnx.data", "c_data_0"]) truncateSync(join(folder, name), 1e9);
  const [alone, beside, parts] = ["a", "b", "c"].map((name) => predictMemory(join(folder, `${name}.onnx`)));
  expect(beside).toBeGreaterThan((alone ?? 0) + 2e9);
  expect(parts).toBeGreaterThan((alone ?? 0) + 2e9);
});

it("leaves what cannot be read to whoever opens it", () => {
  const folder = folderWith();
  expect(predictMemory(join(folder, "gone.onnx"))).toBe(predictMemory("-"));
  writeFileSync(join(folder, "there.onnx"), "");
  expect(predictMemory(join(folder, "there.onnx"))).toBe(predictMemory("-"));
});

it("has memory for work", () => {
  expect(memoryForWork()).toBeGreaterThan(0);
});
