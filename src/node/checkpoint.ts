import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { invariant } from "../base/assert.js";
import type { NormfoldError } from "../base/errors.js";
import { product } from "../base/integers.js";
import { defined } from "../base/optional.js";
import { byteLengthOf, type DType } from "../ir/dtype.js";
import type { RuntimeTensor } from "../runtime/runtime.js";
import type { Checkpoint } from "../training/train-options.js";
import { errors } from "./errors.js";
import { guarded } from "./guarded.js";
import { realPath } from "./paths.js";
import { sweepTemporaries } from "./temporary.js";
import { stageFile, type WriteOptions } from "./write.js";

/**
 * Checkpoints are files in the safetensors format: 8 bytes with the length of a JSON header; the header, which has the type,
 * sizes and place of every tensor; the elements. Tensors of the best step so far have names that start with "best/".
 */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ["F32", "float"],
  ["F64", "double"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["BOOL", "bool"],
]);

const NAMES: ReadonlyMap<DType, string> = new Map([...DTYPES].map(([name, dtype]) => [dtype, name]));

const BEST = "best/";
const utf8 = new TextEncoder();

/** Writes a checkpoint through a temporary file, so that the old one stays until the new one is whole. Throws NormfoldError "io". */
export async function writeCheckpoint(
  path: string,
  { step, epoch, batch, course, tensors, best }: Checkpoint,
  options: WriteOptions = {},
): Promise<void> {
  const all = [
    ...tensors,
    ...[...(best?.tensors ?? [])].map(([name, tensor]) => [`${BEST}${name}`, tensor] as const),
  ];
  const header: Record<string, object> = {
    __metadata__: {
      format: "normfold training",
      step: String(step),
      epoch: String(epoch),
      batch: String(batch),
      course,
      ...defined({ best_step: best?.step.toString(), best_score: best?.score.toString() }),
    },
  };
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { dtype, dims, data }] of all) {
    invariant(data instanceof Uint8Array, `"${name}" is text`);
    header[name] = {
      dtype: NAMES.get(dtype) ?? dtype,
      shape: dims,
      data_offsets: [offset, offset + data.length],
    };
    pieces.push(data);
    offset += data.length;
  }
  const text = utf8.encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  const chunks = [length, text, ...pieces];
  const byteLength = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const staged = await stageFile({ byteLength, chunks: () => chunks }, path, options);
  try {
    staged.commit();
    sweepTemporaries(dirname(realPath(path)));
  } catch (error) {
    staged.discard();
    throw error;
  }
}

/** Reads a checkpoint. Throws "io" where there is no such file, "invalid" where it is damaged or no checkpoint. */
export function readCheckpoint(path: string): Checkpoint {
  const bytes = guarded(path, "read", () => readFileSync(path));
  const damaged = (what: string): NormfoldError => errors.checkpointIsDamaged(what).at({ file: path });
  if (bytes.length < 8) throw damaged("it is too short");
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (!(length > 1 && length <= bytes.length - 8)) throw damaged("its header is cut off");
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw damaged("its header is no JSON");
  }
  if (!isRecord(header) || !isRecord(header["__metadata__"])) throw damaged("it has no metadata");
  const metadata = header["__metadata__"];
  const { course } = metadata;
  const [step = 0, epoch = 0, batch = 0] = ["step", "epoch", "batch"].map((key) => Number(metadata[key]));
  if (typeof course !== "string" || ![step, epoch, batch].every(Number.isInteger))
    throw damaged("it says no step");
  const data = bytes.subarray(8 + length);
  const tensors = new Map<string, RuntimeTensor>();
  const best = new Map<string, RuntimeTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const tensor = tensorAt(entry, data);
    if (tensor === undefined) throw damaged(`tensor "${name}" is damaged`);
    if (name.startsWith(BEST)) best.set(name.slice(BEST.length), tensor);
    else tensors.set(name, tensor);
  }
  const bestStep = Number(metadata["best_step"]);
  return {
    step,
    epoch,
    batch,
    course,
    tensors,
    best:
      best.size === 0 ? undefined : { step: bestStep, score: Number(metadata["best_score"]), tensors: best },
  };
}

/** The tensor that an entry of the header describes; undefined where the entry makes no sense. */
function tensorAt(entry: unknown, data: Uint8Array): RuntimeTensor | undefined {
  if (!isRecord(entry)) return undefined;
  const { dtype: name, shape, data_offsets: offsets } = entry;
  const dtype = typeof name === "string" ? DTYPES.get(name) : undefined;
  if (dtype === undefined || !isNumbers(shape) || !isNumbers(offsets)) return undefined;
  const [start = -1, end = -1] = offsets;
  const size = byteLengthOf(dtype, product(shape));
  if (start < 0 || end - start !== size || end > data.length) return undefined;
  // Copied, because typed arrays must start at multiples of their width.
  return { dtype, dims: shape, data: new Uint8Array(data.subarray(start, end)) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
