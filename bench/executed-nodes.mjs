// The nodes that onnxruntime executes of a model after its own fusions at its default level: it can write the graph that it runs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "../dist/src/index.js";

process.env.ORT_DISABLE_TELEMETRY ??= "1";
const { InferenceSession } = (await import("onnxruntime-node")).default;

const folder = mkdtempSync(join(tmpdir(), "normfold-executed-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The executed operators by name, those of bodies too, from a path or bytes. */
export async function executedNodes(model) {
  const optimizedModelFilePath = join(folder, "executed.onnx");
  const options = { graphOptimizationLevel: "all", optimizedModelFilePath, logSeverityLevel: 4 };
  const session = await InferenceSession.create(model, options);
  await session.release();
  const executed = await loadModel(optimizedModelFilePath);
  const counts = new Map();
  for (const { domain, opType } of executed.nodes()) {
    const name =
      domain === undefined || domain === "" || domain === "ai.onnx" ? opType : `${domain}.${opType}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The number of nodes in all. */
export function total(counts) {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Kernels that onnxruntime makes when it loads a model, though they bear the names of standard operators. */
const FUSED = new Set(["Gelu", "LayerNormalization", "SimplifiedLayerNormalization"]);

/** The operators that are of onnxruntime alone, and those above, without the changes of layout, by name. */
export function fusedOperators(counts) {
  const fused = [...counts].filter(
    ([name]) => (name.includes(".") || FUSED.has(name)) && !name.includes("Reorder"),
  );
  const named = new Map();
  for (const [name, count] of fused) {
    const kind = name.replace("com.microsoft.nchwc.", "blocked ").replace("com.microsoft.", "");
    named.set(kind, (named.get(kind) ?? 0) + count);
  }
  return named;
}
