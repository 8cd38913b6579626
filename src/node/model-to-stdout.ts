import type { Model } from "../ir/model.js";
import { encodeModel } from "../proto/encode.js";
import { ioError } from "./guarded.js";
import { writeStandard } from "./stdout.js";
import { stream } from "./write.js";

/** Writes a model to standard output, external data included. Throws NormfoldError "io". */
export async function writeToStdout(model: Model): Promise<{ readonly bytes: number }> {
  const encoded = encodeModel(model, { embedExternal: true });
  await stream(encoded, async (bytes) => {
    try {
      await writeStandard(1, bytes);
    } catch (error) {
      throw ioError(error, "standard output", "write");
    }
  });
  return { bytes: encoded.byteLength };
}
