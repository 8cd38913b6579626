import { closeSync, openSync, readSync } from "node:fs";
import { Unzip, UnzipInflate } from "fflate";
import { alignedBytes, type ByteSource, memorySource } from "../../base/bytes.js";
import { NormfoldError } from "../../base/errors.js";
import { product } from "../../base/integers.js";
import { arraySource, type SampleSource, type StoredArray } from "../../data/sampled.js";
import { bitsOf, type DType } from "../../ir/dtype.js";
import { errors } from "../errors.js";
import { guarded, inFile } from "../guarded.js";
import { npyLayout, readNpy } from "../npy.js";
import { openSource } from "../source.js";
import { createSpool, gunzip, type Spool } from "./spool.js";

/** Bytes that hold the header of any .npy file with a reasonable number of dimensions. */
const HEAD = 4096;

/** The rows of a .npy file as samples. */
export function npySource(path: string): SampleSource {
  const source = openSource(path);
  return closing(arraySource(new Map([["arr_0", inFile(path, () => storedArray(source))]])), [source]);
}

function storedArray(source: ByteSource): StoredArray {
  const layout = npyLayout(source.read(0, Math.min(HEAD, source.size)));
  if (layout !== undefined) {
    if (layout.dtype.startsWith("complex")) throw errors.complexCannotBeFed(layout.dtype);
    assertWhole(source, layout);
    return { ...layout, source };
  }
  const { dtype, dims, data } = readNpy(source.read(0, source.size));
  if (!(data instanceof Uint8Array)) throw errors.textCannotBeFed();
  return { dtype, dims, source: memorySource(data), offset: 0 };
}

function assertWhole(source: ByteSource, { dtype, dims, offset }: Omit<StoredArray, "source">): void {
  const count = product(dims);
  const bytes = (count * bitsOf(dtype)) / 8;
  if (source.size < offset + bytes) throw errors.arrayIsCutOff(dims, bytes, source.size - offset);
}

/** The rows of the arrays of an .npz file as samples. Each array is unpacked into a temporary file. */
export function npzSource(path: string): SampleSource {
  const spools = new Map<string, Spool>();
  const sources: (ByteSource & { close(): void })[] = [];
  try {
    inFile(path, () => unpack(path, spools));
    const arrays = new Map<string, StoredArray>();
    for (const [name, spool] of spools) {
      const source = spool.finish();
      sources.push(source);
      spools.delete(name);
      arrays.set(
        name,
        inFile(path, () => storedArray(source), `array "${name}"`),
      );
    }
    return closing(
      inFile(path, () => arraySource(arrays)),
      sources,
    );
  } catch (error) {
    for (const source of sources) source.close();
    for (const spool of spools.values()) spool.discard();
    throw error;
  }
}

function unpack(path: string, spools: Map<string, Spool>): void {
  const unzip = new Unzip();
  let failure: Error | undefined;
  let open = 0;
  unzip.register(UnzipInflate);
  unzip.onfile = (file) => {
    const spool = createSpool();
    spools.set(file.name.replace(/\.npy$/, ""), spool);
    open++;
    file.ondata = (error, chunk, final) => {
      if (error !== null) failure ??= error;
      else spool.write(chunk);
      if (final) open--;
    };
    file.start();
  };
  const descriptor = guarded(path, "read", () => openSync(path, "r"));
  try {
    const chunk = new Uint8Array(1 << 20);
    let isFirst = true;
    for (;;) {
      const got = guarded(path, "read", () => readSync(descriptor, chunk));
      if (isFirst && !(chunk[0] === 0x50 && chunk[1] === 0x4b)) throw errors.fileIsNotNpz();
      isFirst = false;
      unzip.push(chunk.slice(0, got), got === 0);
      if (got === 0 || failure !== undefined) break;
    }
  } catch (error) {
    if (error instanceof NormfoldError) throw error;
    failure = error instanceof Error ? error : new Error(String(error));
  } finally {
    closeSync(descriptor);
  }
  if (failure !== undefined || open > 0) {
    throw errors.npzIsDamaged(failure?.message ?? "it is cut off");
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
  const source = path.endsWith(".gz") ? await gunzip(path) : openSource(path);
  const close = [source];
  const head = source.read(0, Math.min(4, source.size));
  const dtype = IDX_TYPES[head[2] ?? 0];
  const rank = head[3] ?? 0;
  const offset = 4 + 4 * rank;
  if (head[0] !== 0 || head[1] !== 0 || dtype === undefined || rank === 0 || source.size < offset) {
    throw errors.fileIsNotIdx().at({ file: path });
  }
  const sizes = source.read(4, 4 * rank);
  const view = new DataView(sizes.buffer, sizes.byteOffset, sizes.byteLength);
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 * axis));
  inFile(path, () => assertWhole(source, { dtype, dims, offset }));
  const width = bitsOf(dtype) / 8;
  const data = width === 1 ? source : turned(source, offset, width);
  return closing(arraySource(new Map([["arr_0", { dtype, dims, source: data, offset }]])), close);
}

/** The source with its elements turned around, because idx is big-endian. */
function turned(source: ByteSource, origin: number, width: number): ByteSource {
  return {
    size: source.size,
    read(offset, length) {
      const bytes = alignedBytes(source.read(offset, length).slice(), width);
      if (offset < origin) return bytes;
      for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
      return bytes;
    },
  };
}

function closing(source: SampleSource, sources: readonly ByteSource[]): SampleSource {
  return {
    ...source,
    close: () => {
      for (const held of sources) if ("close" in held && typeof held.close === "function") held.close();
      return Promise.resolve();
    },
  };
}
