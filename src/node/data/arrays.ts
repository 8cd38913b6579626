import { alignedBytes, type ByteSource, memorySource } from "../../base/bytes.js";
import { product } from "../../base/integers.js";
import { arraySource, type SampleSource, type StoredArray } from "../../data/sampled.js";
import { bitsOf, type DType } from "../../ir/dtype.js";
import { errors } from "../errors.js";
import { inFile } from "../guarded.js";
import { npyLayout, readNpy, reverseEach } from "../npy.js";
import { openDataFile } from "../source.js";
import { type ClosableSource, gunzip, spooled } from "./spool.js";
import { arrayEntries, zipContents } from "./zip.js";

/** Bytes that hold the header of any .npy file with a reasonable number of dimensions. */
const HEAD = 4096;

/** The rows of a .npy file as samples. */
export function npySource(path: string): SampleSource {
  const source = openDataFile(path);
  return closing(arraySource(new Map([["arr_0", inFile(path, () => storedArray(source))]])), [source]);
}

function storedArray(source: ByteSource): StoredArray {
  const layout = npyLayout(source.read(0, Math.min(HEAD, source.size)));
  if (layout.dtype.startsWith("complex")) throw errors.complexCannotBeFed(layout.dtype);
  assertWhole(source.size, layout);
  if (!layout.isReordered) return { ...layout, source };
  const { dtype, dims, data } = readNpy(source.read(0, source.size));
  if (!(data instanceof Uint8Array)) throw errors.textCannotBeFed();
  return { dtype, dims, source: memorySource(data), offset: 0 };
}

function assertWhole(size: number, { dtype, dims, offset }: Omit<StoredArray, "source">): void {
  const bytes = (product(dims) * bitsOf(dtype)) / 8;
  if (size < offset + bytes) throw errors.arrayIsCutOff(dims, bytes, Math.max(0, size - offset));
}

/** The rows of the arrays of an .npz file as samples. Each array is unpacked into a temporary file. */
export function npzSource(path: string): SampleSource {
  const archive = openDataFile(path);
  const sources: ClosableSource[] = [];
  try {
    const arrays = new Map<string, StoredArray>();
    for (const [name, entry] of inFile(path, () => arrayEntries(archive))) {
      const element = `array "${name}"`;
      const source = inFile(path, () => spooled(zipContents(archive, entry)), element);
      sources.push(source);
      arrays.set(
        name,
        inFile(path, () => storedArray(source), element),
      );
    }
    return closing(
      inFile(path, () => arraySource(arrays)),
      sources,
    );
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  } finally {
    closeSource(archive);
  }
}

const IDX_TYPES: Readonly<Record<number, DType>> = {
  8: "uint8",
  9: "int8",
  11: "int16",
  12: "int32",
  13: "float",
  14: "double",
};

/** MNIST's idx format, plain or gzipped. Source: the header's description on the MNIST page. */
export async function idxSource(path: string): Promise<SampleSource> {
  const source = path.endsWith(".gz") ? await gunzip(path, idxSize) : openDataFile(path);
  try {
    return inFile(path, () => {
      const head = source.read(0, Math.min(LARGEST_IDX_HEAD, source.size));
      const { dtype, dims, offset } = idxLayout(head);
      assertWhole(source.size, { dtype, dims, offset });
      const width = bitsOf(dtype) / 8;
      const data = width === 1 ? source : turned(source, offset, width);
      return closing(arraySource(new Map([["arr_0", { dtype, dims, source: data, offset }]])), [source]);
    });
  } catch (error) {
    closeSource(source);
    throw error;
  }
}

/** A rank is a byte, and each size four. */
const LARGEST_IDX_HEAD = 4 + 4 * 255;

function idxLayout(head: Uint8Array): Omit<StoredArray, "source"> {
  const dtype = IDX_TYPES[head[2] ?? 0];
  const rank = head[3] ?? 0;
  const offset = 4 + 4 * rank;
  if (head[0] !== 0 || head[1] !== 0 || dtype === undefined || rank === 0 || head.length < offset) {
    throw errors.fileIsNotIdx();
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { dtype, dims, offset };
}

/** Bytes of the idx file that begins with `head`. */
function idxSize(head: Uint8Array): number {
  const { dtype, dims, offset } = idxLayout(head);
  return offset + (product(dims) * bitsOf(dtype)) / 8;
}

/** The source with its elements turned around, because idx is big-endian. */
function turned(source: ByteSource, origin: number, width: number): ByteSource {
  return {
    size: source.size,
    read(offset, length) {
      const bytes = alignedBytes(source.read(offset, length).slice(), width);
      if (offset < origin) return bytes;
      reverseEach(bytes, width);
      return bytes;
    },
  };
}

function closing(source: SampleSource, sources: readonly ByteSource[]): SampleSource {
  return {
    ...source,
    close: () => {
      sources.forEach(closeSource);
      return Promise.resolve();
    },
  };
}

function closeSource(source: ByteSource): void {
  if ("close" in source && typeof source.close === "function") source.close();
}
