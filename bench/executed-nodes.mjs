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
