import { NormfoldError } from "../base/errors.js";
import type { ExecutedGraph } from "../profile/profile-report.js";
import type { Runtime, RuntimeModel, SessionSettings } from "../runtime/runtime.js";
import { loadModel } from "./load.js";
import { summarize } from "./summary.js";

/**
 * The graph that the runtime executes after its own fusions: it writes it to a temporary file. Undefined where it writes none, as
 * onnxruntime-web, or a model whose optimized form has no place in a file.
 */
export async function executedGraph(
  runtime: Runtime,
  model: RuntimeModel,
  settings: SessionSettings,
): Promise<ExecutedGraph | undefined> {
  if (settings.provider === "wasm") return undefined;
  const { withTemporaryFile } = await import("../node/files.js");
  return await withTemporaryFile("executed.onnx", async (executedFile) => {
    try {
      const session = await runtime.open(model, { ...settings, executedFile });
      await session.close();
      const { nodes, operators } = summarize(
        await loadModel(executedFile, { allowMissingExternalData: true }),
      );
      return { nodes, operators };
    } catch (error) {
      // The model was run before: it is the graph that cannot be written, or was not.
      if (error instanceof NormfoldError && error.code !== "usage" && error.code !== "internal")
        return undefined;
      throw error;
    }
  });
}
