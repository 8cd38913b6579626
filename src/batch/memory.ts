import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { STANDARD } from "../node/paths.js";

/** Bytes that a worker and its process of onnxruntime take before they have a model. */
const IDLE = 2.5e8;
/** How many times its bytes a model takes: in onnxruntime original and result, packed weights, and what is computed. */
const TIMES = 5;

/** The memory that optimizing a model will take, in bytes, by the size of its files; nothing is read. */
export function predictMemory(path: string): number {
  return IDLE + TIMES * sizeWithData(path);
}

/**
 * The bytes of a model and of files beside it whose names begin like its own, as data files mostly do. Only for large models and
 * those with little in them but names of files does it matter, so small ones with data under another name are taken too lightly.
 */
function sizeWithData(path: string): number {
  if (path === STANDARD) return 0;
  try {
    const { size } = statSync(path);
    const stem = basename(path).replace(/\.[^.]*$/, "");
    const data = readdirSync(dirname(path)).filter(
      (name) => name.startsWith(stem) && /\.(?:data|bin|weights?|pb)$|_data(?:_\d+)?$/i.test(name),
    );
    return data.reduce((sum, name) => sum + statSync(join(dirname(path), name)).size, size);
  } catch {
    // Whoever opens it says what is wrong.
    return 0;
  }
}

/** Memory that work may take here, in bytes: what the system or the container has left, and a part of it for others. */
export function memoryForWork(): number {
  return 0.8 * process.availableMemory();
}
