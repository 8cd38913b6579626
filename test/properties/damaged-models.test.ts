import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadModel, modelToBytes, NormfoldError, optimize, type Runtime, verify } from "../../src/index.js";

const read = (file: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../../models/${file}`, import.meta.url)));

/** Real models with more structure than weights, so that most damage hits the structure. */
const MODELS = [
  "real/linear-bn-linear.onnx",
  "real/subgraph.onnx",
  "real/batch-norm-runtime-params.onnx",
  "zoo/sequence_bn.onnx",
  "zoo/r3d_small.onnx",
  "onnx/light_shufflenet.onnx",
  "onnx/light_inception_v2.onnx",
].map(read);

/** Damaged constants must not cost a session each; other tests check the folded values. */
const noRuntime: Runtime = {
  name: "none",
  version: "0",
  open: () => Promise.reject(new NormfoldError("unsupported", "no runtime")),
};

const edit = fc.record({
  // Not fc.double, most of whose numbers are tiny: the damage would all be at the first byte.
  at: fc.nat(2 ** 30 - 1).map((place) => place / 2 ** 30),
  // Mostly flips: they keep the lengths, so that many damaged models still decode.
  kind: fc.constantFrom("flip", "flip", "flip", "flip", "flip", "flip", "flip", "cut", "drop", "repeat"),
  size: fc.integer({ min: 1, max: 64 }),
});

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function damage(bytes: Uint8Array, { at, kind, size }: Edit): Uint8Array {
  const position = Math.floor(at * bytes.length);
  if (kind === "cut") return bytes.subarray(0, position);
  if (kind === "flip") {
    const copy = Uint8Array.from(bytes);
    copy[position] = (copy[position] ?? 0) ^ (1 << (size % 8));
    return copy;
  }
  const [head, tail] = kind === "drop" ? [position, position + size] : [position + size, position];
  return Uint8Array.from([...bytes.subarray(0, head), ...bytes.subarray(tail)]);
}

describe("damaged models, from bytes to bytes", () => {
  it("are refused in one line or optimized to something sound; nothing else escapes", async () => {
    let refused = 0;
    let optimized = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MODELS),
        fc.array(edit, { minLength: 1, maxLength: 2 }),
        async (bytes, edits) => {
          const started = performance.now();
          try {
            const model = await loadModel(edits.reduce(damage, bytes));
            const { model: result } = await optimize(model, { check: false, runtime: noRuntime });
            const flaws = new Set(verify(model).map(({ message }) => message));
            expect(verify(result).filter(({ message }) => !flaws.has(message))).toEqual([]);
            if (result.graph.nodeCount < 200) modelToBytes(result);
            optimized++;
          } catch (error) {
            if (!(error instanceof NormfoldError) || error.code === "internal") throw error;
            expect(error.describe()).not.toContain("\n");
            refused++;
          }
          expect(performance.now() - started).toBeLessThan(20_000);
        },
      ),
      { numRuns: Number(process.env["NORMFOLD_DAMAGE"] ?? 2000), seed: 448 },
    );
    expect(refused).toBeGreaterThan(200);
    expect(optimized).toBeGreaterThan(50);
  }, 480_000);
});
