import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadModel } from "../../src/library/load.js";
import { optimize } from "../../src/library/optimize.js";
import { executedOperators } from "../support/executed.js";

const ROOT = fileURLToPath(new URL("../../models", import.meta.url));
const SHARED = fileURLToPath(new URL("../../../shared", import.meta.url));
/** Bytes up to which a shared model is tried. */
const LARGEST = 16e6;
/** Models that onnxruntime refuses as they are, for custom operators or a contradiction. */
const REFUSED = /custom-domain|unrunnable/;

const modelsIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".onnx"))
        .map((name) => join(folder, name))
    : [];

const FILES = modelsIn(ROOT);
const SHARED_FILES = ["models/real", "cases/executed"]
  .flatMap((folder) => modelsIn(join(SHARED, folder)))
  .filter((file) => statSync(file).size < LARGEST && !REFUSED.test(file));

/** Fusions of onnxruntime that take operators in, so that one lost is several operators gained. */
const FUSED = ["FastGelu", "Attention", "SkipLayerNormalization"].map((name) => `com.microsoft.${name}`);

/** Nodes executed of OnnxSlim's results (0.1.96) for the networks of ../shared/cases/executed, from the table beside them. */
const ONNXSLIM: Readonly<Record<string, number>> = { convnext: 53, vit: 65, bert: 111, wav2vec2: 81 };

const count = (operators: readonly string[], name: string): number =>
  operators.filter((each) => each === name).length;

const gelus = (operators: readonly string[]): number =>
  operators.filter((each) => /\bGelu$|BiasGelu$/.test(each)).length;

async function expectNoMore(file: string): Promise<void> {
  const model = await loadModel(file);
  const { model: result } = await optimize(model, { check: false });
  const [before, after] = [await executedOperators(model), await executedOperators(result)];
  expect(after.length).toBeLessThanOrEqual(before.length);
  const slim = dirname(file).endsWith("executed") ? ONNXSLIM[basename(file, ".onnx")] : undefined;
  if (slim !== undefined) expect(after.length).toBeLessThanOrEqual(slim);
  for (const name of FUSED) expect(count(after, name), name).toBeGreaterThanOrEqual(count(before, name));
  // The bias of a BiasGelu may be in a Gemm in front of a Gelu instead.
  expect(gelus(after)).toBeGreaterThanOrEqual(gelus(before));
}

describe("onnxruntime executes no more of a result than of the original", () => {
  it.each(FILES.map((file) => [relative(ROOT, file), file] as const))("%s", (_, file) => expectNoMore(file));
});

describe.skipIf(SHARED_FILES.length === 0)("nor of those of ../shared (skipped without that folder)", () => {
  it.each(SHARED_FILES.map((file) => [relative(SHARED, file), file] as const))("%s", (_, file) =>
    expectNoMore(file),
  );
});
