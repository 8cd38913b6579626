import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { concatBytes, memorySource } from "../base/bytes.js";
import { defined } from "../base/optional.js";
import { LABELS } from "../data/bind.js";
import { errors as dataErrors } from "../data/errors.js";
import { type DType, isFloat } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers } from "../ir/tensor.js";
import { readTensor } from "../proto/read-tensor.js";
import { Cursor } from "../proto/wire.js";
import type { FeedSet } from "../runtime/feeds.js";
import { type RuntimeTensor, tensorSize } from "../runtime/runtime.js";
import { arrayEntries, zipBytes } from "./data/zip.js";
import { errors } from "./errors.js";
import { guarded, inFile } from "./guarded.js";
import { readNpy } from "./npy.js";
import { assertRegularFile } from "./source.js";

/** An input or output of a model that data is for. */
export interface DataPort {
  readonly name: string;
  /** undefined for a sequence, map or optional. */
  readonly dtype: DType | undefined;
}

/** The inputs and outputs of a model, in the order of the graph. */
export interface DataPorts {
  /** Without those that have a default value. */
  readonly inputs: readonly DataPort[];
  readonly outputs: readonly DataPort[];
}

/**
 * Reads inputs for a model from files, and the outputs to expect where there are files for them too.
 *
 *   x.npz                arrays by the names of inputs and outputs, or arr_0, arr_1, ... in the order of the inputs
 *   x.npy, x.pb          the only input
 *   test_data_set_0/     ONNX's own: input_0.pb, ..., output_0.pb, ...: by TensorProto.name, else in graph order
 *   a folder of those    each of them
 *
 * Numbers of another type than the input's are converted (NumPy's default is float64). Throws NormfoldError with
 * the file and the fault: "io", "invalid", "unsupported" (sequences, maps), "usage" (names that do not fit).
 */
export function readFeeds(path: string, ports: DataPorts): FeedSet[] {
  if (!isFolder(path)) return [fileSet(path, ports)];
  const folders = testFolders(path);
  if (folders.length > 0) return folders.map((folder) => folderSet(folder, ports));
  return [folderSet(path, ports)];
}

/** The test_data_set_* folders next to a model, in the order of their numbers. */
export function testDataFolders(modelPath: string): string[] {
  return testFolders(dirname(modelPath));
}

function testFolders(folder: string): string[] {
  const names = guarded(folder, "read", () => readdirSync(folder)).filter((name) =>
    /^test_data_set_\d+$/.test(name),
  );
  return names
    .sort((a, b) => numberIn(a) - numberIn(b))
    .map((name) => join(folder, name))
    .filter(isFolder);
}

function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}

function fileSet(path: string, ports: DataPorts): FeedSet {
  const bytes = readDataFile(path);
  return inFile(path, () => {
    const name = basename(path);
    const only = path.endsWith(".npy")
      ? readNpy(bytes)
      : path.endsWith(".pb")
        ? readTensorFile(bytes)
        : undefined;
    if (only === undefined) {
      if (!path.endsWith(".npz")) throw errors.feedFormatIsUnknown();
      const arrays = readNpz(path, bytes);
      const labels = hasPort(ports, LABELS) ? undefined : arrays.get(LABELS);
      const feeds = assign(arrays, ports.inputs, "input");
      return { name, feeds, expected: expectedOf(arrays, ports), ...defined({ labels }) };
    }
    const [port] = ports.inputs;
    if (port === undefined || ports.inputs.length > 1) {
      throw errors.oneTensorForSeveralInputs(ports.inputs.length);
    }
    return { name, feeds: new Map([[port.name, convert(only, port)]]), expected: undefined };
  });
}

function hasPort({ inputs, outputs }: DataPorts, name: string): boolean {
  return [...inputs, ...outputs].some((port) => port.name === name);
}

/**
 * Reads the labels of samples: an array in .npy or .pb, or the array "labels", or the only one, of an .npz. Throws NormfoldError
 * as readFeeds does.
 */
export function readLabels(path: string): RuntimeTensor {
  const bytes = readDataFile(path);
  return inFile(path, () => {
    if (path.endsWith(".npy")) return readNpy(bytes);
    if (path.endsWith(".pb")) return readTensorFile(bytes);
    if (!path.endsWith(".npz")) throw errors.feedFormatIsUnknown();
    const arrays = readNpz(path, bytes);
    const only = arrays.size === 1 ? [...arrays.values()][0] : undefined;
    const labels = arrays.get(LABELS) ?? only;
    if (labels === undefined) throw errors.labelsAreMissing(LABELS, [...arrays.keys()].slice(0, 8));
    return labels;
  });
}

function readNpz(path: string, bytes: Uint8Array): Map<string, RuntimeTensor> {
  const source = memorySource(bytes);
  return new Map(
    [...arrayEntries(source)].map(([name, entry]) => [
      name,
      inFile(path, () => readNpy(zipBytes(source, entry)), `array "${name}"`),
    ]),
  );
}

/** The arrays for ports: those of their names or, where no name fits, arr_0, arr_1, ... in order. */
function assign(
  arrays: ReadonlyMap<string, RuntimeTensor>,
  ports: readonly DataPort[],
  kind: "input" | "output",
): Map<string, RuntimeTensor> {
  const named = ports.some((port) => arrays.has(port.name));
  return new Map(
    ports.map((port, index) => {
      const array = arrays.get(named ? port.name : `arr_${index}`);
      if (array === undefined) {
        throw errors.arrayIsMissing(kind, port.name, [...arrays.keys()].slice(0, 8));
      }
      return [port.name, convert(array, port)];
    }),
  );
}

function expectedOf(arrays: ReadonlyMap<string, RuntimeTensor>, ports: DataPorts): FeedSet["expected"] {
  const inputs = new Set(ports.inputs.map((port) => port.name));
  const given = ports.outputs.filter((port) => arrays.has(port.name) && !inputs.has(port.name));
  return given.length === 0 ? undefined : assign(arrays, given, "output");
}

/** Reads a test_data_set_N folder. */
function folderSet(folder: string, ports: DataPorts): FeedSet {
  const feeds = readNumbered(folder, "input", ports.inputs);
  const missing = ports.inputs.find((port) => !feeds.has(port.name));
  if (missing !== undefined) throw errors.inputFileIsMissing(missing.name).at({ file: folder });
  const expected = readNumbered(folder, "output", ports.outputs);
  return { name: basename(folder), feeds, expected: expected.size === 0 ? undefined : expected };
}

function readNumbered(
  folder: string,
  prefix: "input" | "output",
  ports: readonly DataPort[],
): Map<string, RuntimeTensor> {
  const pattern = new RegExp(`^${prefix}_\\d+\\.pb$`);
  const files = guarded(folder, "read", () => readdirSync(folder)).filter((name) => pattern.test(name));
  const found = new Map<string, RuntimeTensor>();
  for (const file of files.sort((a, b) => numberIn(a) - numberIn(b))) {
    const path = join(folder, file);
    const bytes = readDataFile(path);
    inFile(path, () => {
      const byOrder = ports[numberIn(file)];
      // Sequences are refused, because their bytes would decode as a meaningless tensor.
      if (byOrder !== undefined && byOrder.dtype === undefined) {
        if (prefix === "output") return;
        throw errors.onlyTensorsCanBeFed(byOrder.name);
      }
      const tensor = readTensorProto(bytes);
      const port = ports.find(({ name }) => name === tensor.name) ?? byOrder;
      if (port !== undefined) found.set(port.name, convert(tensor.value, port));
    });
  }
  return found;
}

const utf8 = new TextDecoder();

function readTensorFile(bytes: Uint8Array): RuntimeTensor {
  return readTensorProto(bytes).value;
}

function readTensorProto(bytes: Uint8Array): {
  readonly name: string | undefined;
  readonly value: RuntimeTensor;
} {
  // The reader expects a field that holds the message, so the message becomes field 1 of another one.
  const cursor = new Cursor({
    source: memorySource(wrapped(bytes)),
    offset: 0,
    length: wrapped(bytes).length,
  });
  cursor.next();
  const tensor = readTensor(cursor, { external: undefined, allowMissing: false });
  const { dtype, dims, data } = tensor;
  const value: RuntimeTensor =
    data.kind === "strings"
      ? { dtype, dims, data: data.values.map((text) => utf8.decode(text)) }
      : { dtype, dims, data: tensor.bytes() };
  return { name: tensor.meta.name, value };
}

function wrapped(message: Uint8Array): Uint8Array {
  const header = [0x0a];
  let rest = message.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) header.push((rest % 128) + 128);
  return concatBytes([Uint8Array.from([...header, rest]), message]);
}

/** The tensor in the port's type. Throws "usage" where numbers would change. */
function convert(tensor: RuntimeTensor, port: DataPort): RuntimeTensor {
  const { dtype, dims, data } = tensor;
  if (port.dtype === undefined) throw errors.onlyTensorsCanBeFed(port.name);
  if (dtype === port.dtype) return tensor;
  const fits = isFloat(port.dtype) ? dtype !== "string" : isFloat(dtype) === false && dtype !== "string";
  if (!fits || port.dtype === "string" || !(data instanceof Uint8Array)) {
    throw dataErrors.dataTypeDiffers(port.name, port.dtype, dtype);
  }
  const numbers = decodeNumbers(dtype, data, tensorSize(dims));
  const encoded = encodeNumbers(port.dtype, numbers);
  if (!isFloat(port.dtype)) {
    const back = decodeNumbers(port.dtype, encoded, numbers.length);
    const lost = numbers.findIndex((value, i) => value !== back[i]);
    if (lost >= 0) throw dataErrors.dataNumberDoesNotFit(numbers[lost] ?? NaN, port.name, port.dtype);
  }
  return { dtype: port.dtype, dims, data: encoded };
}

function readDataFile(path: string): Uint8Array {
  assertRegularFile(path);
  return guarded(path, "read", () => readFileSync(path));
}

function isFolder(path: string): boolean {
  return guarded(path, "read", () => statSync(path)).isDirectory();
}
