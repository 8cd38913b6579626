import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadModel } from "../../src/library/load.js";
import { optimize } from "../../src/library/optimize.js";
import { executedOperators } from "../support/executed.js";

const ROOT = fileURLToPath(new URL("../../models", import.meta.url));
const FILES = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".onnx"),
);

/** Fusions of onnxruntime that take operators in, so that one lost is several operators gained. */
const FUSED = ["Gelu", "FastGelu", "Attention", "SkipLayerNormalization"].map(
  (name) => `com.microsoft.${name}`,
);

const count = (operators: readonly string[], name: string): number =>
  operators.filter((each) => each === name).length;

describe("onnxruntime executes no more of a result than of the original", () => {
  it.each(FILES)("%s", async (file) => {
    const model = await loadModel(join(ROOT, file));
    const { model: result } = await optimize(model, { check: false });
    const [before, after] = [await executedOperators(model), await executedOperators(result)];
    expect(after.length).toBeLessThanOrEqual(before.length);
    for (const name of FUSED) expect(count(after, name), name).toBeGreaterThanOrEqual(count(before, name));
  });
});
