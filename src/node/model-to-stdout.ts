import { createHash } from "node:crypto";
import type { Model } from "../ir/model.js";
import { encodeModel } from "../proto/encode.js";
import { ioError } from "./guarded.js";
import { writeStandard } from "./stdout.js";
import { stream } from "./write.js";

/** Writes a model to standard output, external data included; gives its size and SHA-256. Throws NormfoldError "io". */
export async function writeToStdout(
  model: Model,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  const encoded = encodeModel(model, { embedExternal: true });
  await stream(encoded, async (bytes) => {
    hash.update(bytes);
    try {
      await writeStandard(1, bytes);
    } catch (error) {
      throw ioError(error, "standard output", "write");
    }
  });
  return { bytes: encoded.byteLength, sha256: hash.digest("hex") };
}
