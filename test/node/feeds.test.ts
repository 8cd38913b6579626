import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import type { DType } from "../../src/ir/dtype.js";
import { type DataPorts, readFeeds, readLabels, testDataFolders } from "../../src/node/feeds.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { checkModels, numbers, readModel, SHARED } from "../support/runtime.js";

/** An .npy file as NumPy writes it: the header padded so that the data begins at a multiple of 64. */
function npy(descr: string, shape: readonly number[], data: Uint8Array, fortran = false): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${tuple}), }`;
  const length = Math.ceil((header.length + 11) / 64) * 64 - 10;
  const text = new TextEncoder().encode(`${header.padEnd(length - 1)}\n`);
  return Uint8Array.of(0x93, 78, 85, 77, 80, 89, 1, 0, length & 255, length >> 8, ...text, ...data);
}

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const doubles = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);

describe("readFeeds", () => {
  const folder = mkdtempSync(join(tmpdir(), "normfold-data-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, bytes: Uint8Array | string): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const ports = (
    inputs: Record<string, DType | undefined>,
    outputs: Record<string, DType> = {},
  ): DataPorts => {
    const list = (given: object) => Object.entries(given).map(([name, dtype]) => ({ name, dtype }));
    return { inputs: list(inputs), outputs: list(outputs) };
  };
  const npz = (arrays: Record<string, Uint8Array>): Uint8Array =>
    zipSync(Object.fromEntries(Object.entries(arrays).map(([name, data]) => [`${name}.npy`, data])));

  it("takes arrays by name, converts NumPy's doubles, and finds the outputs", () => {
    const path = file("named.npz", npz({ y: npy("<f4", [1], floats(9)), x: npy("<f8", [2], doubles(1, 2)) }));
    const [set] = readFeeds(path, ports({ x: "float" }, { y: "float" }));
    expect(set?.feeds.get("x")?.dtype).toBe("float");
    expect(numbers(set?.feeds.get("x"))).toEqual([1, 2]);
    expect(numbers(set?.expected?.get("y"))).toEqual([9]);
  });

  it("takes arr_0, arr_1 in order where no name fits", () => {
    const path = file(
      "order.npz",
      npz({ arr_1: npy("<i8", [1], new Uint8Array(8)), arr_0: npy("<f4", [1], floats(3)) }),
    );
    const [set] = readFeeds(path, ports({ a: "float", b: "int64" }));
    expect(numbers(set?.feeds.get("a"))).toEqual([3]);
    expect(set?.expected).toBeUndefined();
  });

  it("finds the labels of samples, unless an input or output has that name", () => {
    const classes = npy("<i8", [2], new Uint8Array(BigInt64Array.of(3n, 1n).buffer));
    const path = file("labelled.npz", npz({ x: npy("<f4", [2], floats(1, 2)), labels: classes }));
    expect(numbers(readFeeds(path, ports({ x: "float" }))[0]?.labels)).toEqual([3, 1]);
    expect(readFeeds(path, ports({ x: "float" }, { labels: "int64" }))[0]?.labels).toBeUndefined();
    for (const alone of [file("y.npy", classes), path, file("only.npz", npz({ arr_0: classes }))])
      expect(numbers(readLabels(alone))).toEqual([3, 1]);
    const several = file("several.npz", npz({ a: classes, b: classes }));
    expect(() => readLabels(several)).toThrow(/no array "labels"; there are a, b/);
    expect(() => readLabels(file("y.txt", "3"))).toThrow(/\.npz/);
  });

  it("takes an .npy for the only input", () => {
    const path = file("one.npy", npy("<f4", [1], floats(4)));
    expect(numbers(readFeeds(path, ports({ x: "float" }))[0]?.feeds.get("x"))).toEqual([4]);
    expect(() => readFeeds(path, ports({ x: "float", z: "float" }))).toThrow(
      expect.objectContaining({ id: "one-tensor-for-several-inputs" }),
    );
  });

  const made = npz({ x: npy("<f4", [1], floats(1.5)) });
  it.each([
    [
      "a missing array",
      "m.npz",
      made,
      ports({ x: "float", z: "float" }),
      "usage",
      "array-is-missing",
      /input "z"; there are x/,
    ],
    [
      "fractions for integers",
      "f.npz",
      made,
      ports({ x: "int64" }),
      "usage",
      "data-type-differs",
      /"x" is int64, and its data float/,
    ],
    [
      "numbers for text",
      "t.npz",
      made,
      ports({ x: "string" }),
      "usage",
      "data-type-differs",
      /"x" is string/,
    ],
    ["a sequence", "s.npz", made, ports({ x: undefined }), "unsupported", "only-tensors-can-be-fed", /"x"/],
    ["no zip at all", "z.npz", "hello", ports({ x: "float" }), "invalid", "file-is-not-npz", /./],
    ["another file", "a.txt", "hello", ports({ x: "float" }), "usage", "feed-format-is-unknown", /\.npz/],
    ["a damaged tensor", "d.pb", "hello, world", ports({ x: "float" }), "invalid", "wire-type-is-wrong", /./],
  ])("refuses %s, naming the file", (_, name, bytes, given, code, id, message) => {
    const path = file(name, bytes);
    expect(() => readFeeds(path, given)).toThrow(
      expect.objectContaining({
        code,
        id,
        where: expect.objectContaining({ file: path }),
        message: expect.stringMatching(message),
      }),
    );
  });

  it("refuses integers that do not fit, and a path that does not exist", () => {
    const path = file("big.npz", npz({ x: npy("<i8", [1], new Uint8Array(BigInt64Array.of(300n).buffer)) }));
    expect(() => readFeeds(path, ports({ x: "uint8" }))).toThrow(
      expect.objectContaining({
        id: "data-number-does-not-fit",
        message: expect.stringMatching(/300 .* "x", uint8/),
      }),
    );
    expect(() => readFeeds(join(folder, "nowhere.npz"), ports({}))).toThrow(
      expect.objectContaining({ code: "io", id: "file-is-not-there" }),
    );
  });

  it("reads test_data_set folders in the order of their numbers", () => {
    const model = join(folder, "model.onnx");
    for (const index of [10, 2]) {
      const set = join(folder, `test_data_set_${index}`);
      mkdirSync(set);
      // TensorProto: dims 1, data_type FLOAT, raw_data
      writeFileSync(join(set, "input_0.pb"), Uint8Array.of(8, 1, 16, 1, 0x4a, 4, ...floats(index)));
    }
    expect(testDataFolders(model).map((path) => path.slice(folder.length + 1))).toEqual([
      "test_data_set_2",
      "test_data_set_10",
    ]);
    const sets = readFeeds(folder, ports({ x: "float" }));
    expect(sets.map((set) => [set.name, numbers(set.feeds.get("x"))[0]])).toEqual([
      ["test_data_set_2", 2],
      ["test_data_set_10", 10],
    ]);
    expect(() => readFeeds(folder, ports({ x: "float", q: "float" }))).toThrow(
      expect.objectContaining({
        id: "input-file-is-missing",
        message: expect.stringMatching(/"q"/),
      }),
    );
  });
});

describe.skipIf(SHARED === undefined)("stored data of the shared models", () => {
  it.each([
    ["real/mnist-8", ""],
    ["real/autoencoder1d-bn", "inputs.npz"],
    ["real/scan-qlstm", "io.npz"],
    ["onnx-backend/pytorch-converted/test_Conv2d", ""],
    ["onnx-backend/simple/test_sequence_model4", ""],
  ])("%s gives its stored outputs", async (folder, data) => {
    const path = `${SHARED}/${folder}/model.onnx`;
    const { graph } = readModel(path);
    const list = (values: typeof graph.inputs) =>
      values.map(({ name, type }) => ({ name, dtype: type?.kind === "tensor" ? type.dtype : undefined }));
    const ports = {
      inputs: list(graph.inputs.filter((input) => input.tensor === undefined)),
      outputs: list(graph.outputs),
    };
    const feeds = readFeeds(`${SHARED}/${folder}/${data}`, ports);
    const model = { kind: "path", path } as const;
    const options = { runtime: await defaultRuntime(), seed: 0, feeds, numerics: "exact" } as const;
    const report = await checkModels(model, model, options);
    expect(report.status).toBe("equal");
    const stored = report.sets.flatMap((set) => set.stored);
    expect(stored.every(({ agrees }) => agrees)).toBe(true);
    if (data !== "inputs.npz") expect(stored.length).toBeGreaterThan(0);
  });
});
