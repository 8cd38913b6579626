import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isStandardDomain } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { loadModel } from "../../src/library/load.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";

/** The operators that onnxruntime executes at its default level, after its own fusions, those of bodies too. */
export async function executedOperators(model: Model): Promise<readonly string[]> {
  // Loaded the product's way first, so that the library itself is loaded with its settings.
  await defaultRuntime();
  const { InferenceSession } = await import("onnxruntime-node");
  const folder = mkdtempSync(join(tmpdir(), "normfold-executed-"));
  try {
    const optimizedModelFilePath = join(folder, "executed.onnx");
    const session = await InferenceSession.create(encodeToBytes(model), {
      graphOptimizationLevel: "all",
      optimizedModelFilePath,
      logSeverityLevel: 4,
    });
    await session.release();
    const executed = await loadModel(optimizedModelFilePath);
    return [...executed.nodes()].map(({ domain, opType }) =>
      isStandardDomain(domain) ? opType : `${domain}.${opType}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
