import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { gzipSync, zipSync } from "fflate";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NormfoldError } from "../../../src/base/errors.js";
import type { Slot } from "../../../src/data/bind.js";
import type { Batch, BatchOptions, Dataset } from "../../../src/data/dataset.js";
import { tensorDataset } from "../../../src/data/memory.js";
import { decodeNumbers } from "../../../src/ir/tensor.js";
import { type DatasetOptions, openDataset } from "../../../src/node/data/open.js";

let folder = "";
const file = (name: string): string => join(folder, name);

function npy(descr: string, dims: readonly number[], data: ArrayBufferView, columns = false): Uint8Array {
  const shape = `(${dims.join(", ")}${dims.length === 1 ? "," : ""})`;
  const order = columns ? "True" : "False";
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11).concat("\n");
  const bytes = new Uint8Array(10 + padded.length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  bytes.set(new TextEncoder().encode(padded), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + padded.length);
  return bytes;
}

function idx(type: number, dims: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dims.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, type, dims.length]);
  dims.forEach((dim, axis) => {
    view.setUint32(4 + 4 * axis, dim);
  });
  bytes.set(data, 4 + 4 * dims.length);
  return bytes;
}

const ramp = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);
const ramp8 = Uint8Array.from({ length: 8 }, (_, i) => i);
const bytesOf = (array: Float32Array): Uint8Array => new Uint8Array(array.buffer);
const slot = (name: string, shape: Slot["shape"], dtype: Slot["dtype"] = "float"): Slot => ({
  name,
  dtype,
  shape,
});

async function open(name: string, slots: readonly Slot[], options?: DatasetOptions): Promise<Dataset> {
  return openDataset(file(name), slots, options);
}

async function collect(dataset: Dataset, options: BatchOptions): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of dataset.batches(options)) batches.push(batch);
  await dataset.close();
  return batches;
}

function numbers(batch: Batch | undefined, name: string): readonly number[] {
  const tensor = batch?.tensors.get(name);
  if (!(tensor?.data instanceof Uint8Array)) return expect.unreachable(`no tensor "${name}"`);
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  return [...decodeNumbers(tensor.dtype, tensor.data, count)];
}

async function rejection(promise: Promise<unknown>): Promise<NormfoldError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof NormfoldError)) return expect.unreachable(`no NormfoldError: ${String(error)}`);
  return error;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "normfold-data-"));
  writeFileSync(file("x.npy"), npy("<f4", [5, 3], ramp(15)));
  writeFileSync(file("columns.npy"), npy("<f4", [2, 3], ramp(6), true));
  writeFileSync(file("y.npy"), npy("<i8", [5], BigInt64Array.from([4n, 3n, 2n, 1n, 0n])));
  const arrays = {
    "x.npy": npy("<f8", [5, 3], Float64Array.from(ramp(15))),
    "z.npy": npy("<f4", [5], ramp(5)),
  };
  writeFileSync(file("packed.npz"), zipSync(arrays));
  writeFileSync(file("stored.npz"), zipSync(arrays, { level: 0 }));
  const pixels = Uint8Array.from({ length: 2 * 4 * 4 }, (_, i) => i);
  writeFileSync(file("images-idx3-ubyte"), idx(8, [2, 4, 4], pixels));
  writeFileSync(file("images-idx3-ubyte.gz"), gzipSync(idx(8, [2, 4, 4], pixels)));
  writeFileSync(file("labels-idx1-ubyte"), idx(8, [2], Uint8Array.of(7, 3)));
  for (const [name, colour] of [
    ["cat", { r: 255, g: 0, b: 0 }],
    ["dog", { r: 0, g: 0, b: 255 }],
  ] as const) {
    mkdirSync(file(`images/${name}`), { recursive: true });
    const image = sharp({ create: { width: 6, height: 4, channels: 3, background: colour } });
    await image
      .clone()
      .png()
      .toFile(file(`images/${name}/a.png`));
    await image
      .clone()
      .jpeg({ quality: 100 })
      .toFile(file(`images/${name}/b.jpg`));
  }
  writeFileSync(
    file("samples.mjs"),
    `export default async function* () {
       for (let i = 0; i < 5; i++) yield { x: Float32Array.of(i, i + 1, i + 2), labels: i };
     }`,
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("arrays in files", () => {
  it("reads rows of .npy in order, the last batch smaller", async () => {
    const batches = await collect(await open("x.npy", [slot("in", ["N", 3])]), { size: 2 });
    expect(batches.map(({ size }) => size)).toEqual([2, 2, 1]);
    expect(numbers(batches[1], "in")).toEqual([6, 7, 8, 9, 10, 11]);
  });

  it("shuffles by seed, keeps labels beside their samples, and goes on where it stopped", async () => {
    const options = { size: 2, seed: 3 };
    const dataset = await open("x.npy", [slot("in", ["N", 3])], { labels: file("y.npy") });
    const all = await collect(dataset, options);
    const firsts = all.flatMap((batch) => numbers(batch, "in").filter((_, i) => i % 3 === 0));
    expect(firsts.toSorted((a, b) => a - b)).toEqual([0, 3, 6, 9, 12]);
    expect(firsts).not.toEqual([0, 3, 6, 9, 12]);
    expect(all.flatMap((batch) => numbers(batch, "labels"))).toEqual(firsts.map((first) => 4 - first / 3));
    const later = await collect(await open("x.npy", [slot("in", ["N", 3])]), { ...options, skip: 1 });
    expect(later.map((batch) => numbers(batch, "in"))).toEqual(
      all.slice(1).map((batch) => numbers(batch, "in")),
    );
  });

  it.each(["packed.npz", "stored.npz"])("reads %s by name and converts the type", async (name) => {
    const slots = [slot("z", ["N"]), slot("x", ["N", 3])];
    const [first] = await collect(await open(name, slots), { size: 4, limit: 2 });
    expect(first?.size).toBe(2);
    expect(numbers(first, "x")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(numbers(first, "z")).toEqual([0, 1]);
    expect(first?.tensors.get("x")?.dtype).toBe("float");
  });

  it("turns Fortran order around", async () => {
    const [batch] = await collect(await open("columns.npy", [slot("in", ["N", 3])]), { size: 2 });
    expect(numbers(batch, "in")).toEqual([0, 2, 4, 1, 3, 5]);
  });

  it.each(["images-idx3-ubyte", "images-idx3-ubyte.gz"])("reads %s for flat inputs, scaled", async (name) => {
    const dataset = await open(name, [slot("in", ["N", 16])], {
      labels: file("labels-idx1-ubyte"),
      scale: 1 / 16,
      mean: [0.5],
      std: [0.25],
    });
    const [batch] = await collect(dataset, { size: 2 });
    expect(numbers(batch, "in").slice(15, 18)).toEqual(
      [15, 16, 17].map((pixel) => (pixel / 16 - 0.5) / 0.25),
    );
    expect(numbers(batch, "labels")).toEqual([7, 3]);
  });

  it("gives a flat picture a channel where the input has one", async () => {
    const dataset = await open("images-idx3-ubyte", [slot("in", ["N", 1, 4, 4])]);
    const [batch] = await collect(dataset, { size: 2, dropLast: true });
    expect(batch?.tensors.get("in")?.dims).toEqual([2, 1, 4, 4]);
  });
});

describe("images and modules", () => {
  it("reads PNG and JPEG by class, cut to the input's size, channels first, normalized by channel", async () => {
    const dataset = await open("images", [slot("in", ["N", 3, 2, 2])], {
      scale: 1 / 255,
      mean: [0.5, 0.25, 0],
      std: [0.5, 0.25, 1],
    });
    expect(dataset.size).toBe(4);
    const [batch] = await collect(dataset, { size: 4 });
    expect(batch?.tensors.get("in")?.dims).toEqual([4, 3, 2, 2]);
    expect(numbers(batch, "labels")).toEqual([0, 0, 1, 1]);
    const channels = numbers(batch, "in").filter((_, i) => i % 4 === 0);
    expect(channels.slice(0, 3)).toEqual([1, -1, 0]);
    expect(channels.slice(6, 9)).toEqual([-1, -1, 1]);
  });

  it("reads them channels last where the input has them last", async () => {
    const [batch] = await collect(await open("images", [slot("in", ["N", 2, 2, 3])]), { size: 1 });
    expect(numbers(batch, "in").slice(0, 6)).toEqual([255, 0, 0, 255, 0, 0]);
  });

  it("reads the samples that a module yields, shuffled within a window", async () => {
    const plain = await collect(await open("samples.mjs", [slot("x", ["N", 3])]), { size: 2 });
    expect(plain.map(({ size }) => size)).toEqual([2, 2, 1]);
    expect(numbers(plain[0], "x")).toEqual([0, 1, 2, 1, 2, 3]);
    const mixed = await collect(await open("samples.mjs", [slot("x", ["N", 3])]), { size: 5, seed: 1 });
    const labels = numbers(mixed[0], "labels");
    expect(labels.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(labels).not.toEqual([0, 1, 2, 3, 4]);
  });
});

describe.each([
  ["in memory", () => tensorDataset({ in: { dtype: "float", dims: [4], data: bytesOf(ramp(4)) } })],
  ["in files", () => open("four.npy", [slot("in", [undefined])])],
])("batches of data %s", (_, give) => {
  beforeAll(() => writeFileSync(file("four.npy"), npy("<f4", [4], ramp(4))));

  it.each<[BatchOptions, id: string, RegExp]>([
    [{ size: 0 }, "batch-size-is-not-whole", /^a batch of 0 samples; give a whole number from 1 on$/],
    [{ size: 1.5 }, "batch-size-is-not-whole", /1\.5/],
    [
      { size: 2, limit: 0 },
      "sample-limit-is-not-whole",
      /^a limit of 0 samples; give a whole number from 1 on$/,
    ],
    [{ size: 2, limit: Number.NaN }, "sample-limit-is-not-whole", /NaN/],
    [{ size: 2, skip: -1 }, "skipped-batches-are-not-whole", /^-1 batches/],
  ])("%j makes no sense", async (options, wanted, message) => {
    const { code, id, message: said } = await rejection(collect(await give(), options));
    expect([code, id]).toEqual(["usage", wanted]);
    expect(said).toMatch(message);
  });

  it("no limit may be said as an infinite one", async () => {
    const batches = await collect(await give(), { size: 3, limit: Number.POSITIVE_INFINITY });
    expect(batches.map(({ size }) => size)).toEqual([3, 1]);
  });
});

describe("data that does not fit", () => {
  it.each([
    ["x.npy", [slot("in", ["N", 4])], {}, "sample-sizes-differ", /of 4, and "arr_0" has 3/],
    ["packed.npz", [slot("q", ["N", 3]), slot("r", ["N"]), slot("s", ["N"])], {}, "input-has-no-data", /"s"/],
    ["none.npy", [], {}, "file-is-not-there", /none\.npy/],
    ["samples.mjs", [slot("x", ["N", 3])], { labels: "y.npy" }, "module-gives-labels-itself", /./],
    [
      "images",
      [slot("in", ["N", 3, 2, 2])],
      { mean: [1, 2] },
      "preparation-channels-differ",
      /mean is for 2 channels, and "in" has 3/,
    ],
  ] as const)("%s for %j: one line", async (name, slots, options, id, message) => {
    const error = await rejection(open(name, slots, options));
    expect(error.id).toBe(id);
    expect(error.describe()).toMatch(message);
  });

  it("names the sample that holds NaN", async () => {
    writeFileSync(file("nan.npy"), npy("<f4", [3, 2], Float32Array.of(1, 2, 3, 4, Number.NaN, 6)));
    const error = await rejection(
      open("nan.npy", [slot("in", ["N", 2])]).then((data) => collect(data, { size: 2 })),
    );
    expect(error.id).toBe("sample-is-not-finite");
    expect(error.describe()).toMatch(/nan\.npy: sample 2 of "in" holds NaN/);
    // The order in which they are drawn does not matter.
    for (const seed of [1, 2, 3]) {
      const shuffled = await rejection(
        open("nan.npy", [slot("in", ["N", 2])]).then((data) => collect(data, { size: 1, seed })),
      );
      expect(shuffled.describe()).toMatch(/nan\.npy: sample 2 of "in" holds NaN/);
    }
  });

  it.each([
    ["cut.npy", () => npy("<f4", [5, 3], ramp(15)).subarray(0, 150), "array-is-cut-off"],
    ["cut.npz", () => zipSync({ "x.npy": npy("<f4", [5, 3], ramp(15)) }).subarray(0, 90), "npz-is-damaged"],
    ["cut-idx1-ubyte.gz", () => gzipSync(idx(8, [9], new Uint8Array(9))).subarray(0, 20), "gzip-is-damaged"],
    ["not-idx1-ubyte", () => Uint8Array.of(1, 2, 3, 4), "file-is-not-idx"],
    ["short-idx1-ubyte", () => idx(8, [9], new Uint8Array(3)), "array-is-cut-off"],
    ["empty.npy", () => npy("<f4", [0, 3], ramp(0)), "data-holds-no-samples"],
    ["text.npy", () => npy("<U3", [2], new Uint8Array(24)), "text-cannot-be-fed"],
    ["complex.npy", () => npy("<c8", [2, 3], ramp(12)), "complex-cannot-be-fed"],
    ["nothing.npy", () => new Uint8Array(0), "file-is-not-npy"],
    ["noarray.npz", () => new TextEncoder().encode("PK, but no archive of arrays at all"), "file-is-not-npz"],
    ["empty.npz", () => zipSync({}), "data-holds-no-array"],
  ])("%s: one line", async (name, make, id) => {
    writeFileSync(file(name), make());
    const error = await rejection(open(name, [slot("in", ["N", 3])]));
    expect(error.id).toBe(id);
    expect(error.describe()).toContain(name);
  });

  const sample = (k: number): string => `yield { in: Float32Array.of(1, 2, ${k}) };`;
  it.each([
    [
      "throws.mjs",
      `export default function* () { ${sample(3)} throw new TypeError("the source broke"); }`,
      "module-fails",
      /behind sample 1 \(TypeError: the source broke\)/,
    ],
    [
      "rejects.mjs",
      `export default async function* () { ${sample(3)} await Promise.reject(new Error("gone")); }`,
      "module-fails",
      /behind sample 1 \(Error: gone\)/,
    ],
    [
      "called.mjs",
      `export default () => { throw new Error("no network"); };`,
      "module-fails",
      /when it is called \(Error: no network\)/,
    ],
    [
      "uneven.mjs",
      `export default function* () { ${sample(3)} yield { in: new Float32Array(2) }; }`,
      "sample-differs-from-first",
      /"in" of sample 1 is float\[2\], and float\[3\] of the first/,
    ],
    [
      "spoiled.mjs",
      `export default function* () { ${sample(3)} ${sample(Number.NaN)} }`,
      "sample-is-not-finite",
      /sample 1 of "in" holds NaN/,
    ],
  ])("%s: one line that names the module", async (name, text, id, message) => {
    writeFileSync(file(name), text);
    const error = await rejection(
      open(name, [slot("in", ["N", 3])]).then((data) => collect(data, { size: 2, seed: 1 })),
    );
    expect([error.code, error.id]).toEqual(["invalid", id]);
    expect(error.describe()).toMatch(message);
    expect(error.describe()).toContain(name);
  });

  it.each([
    [
      "a picture under another name",
      "picture.npy",
      () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
      "file-is-not-npy",
    ],
    ["a tar under another name", "tar.npz", () => new Uint8Array(2048), "file-is-not-npz"],
    ["a .gz that is none", "plain-idx1-ubyte.gz", () => idx(8, [3], new Uint8Array(3)), "gzip-is-damaged"],
    [
      "a .gz that goes on behind its data",
      "long-idx1-ubyte.gz",
      () => gzipSync(idx(8, [3], new Uint8Array(2 ** 20))),
      "gzip-is-damaged",
    ],
    [
      "a .gz of a thousand times its size",
      "bomb-idx1-ubyte.gz",
      () => gzipSync(idx(8, [2 ** 27], new Uint8Array(2 ** 16))),
      "file-unpacks-too-far",
    ],
    [
      "an idx of 2^72 elements",
      "vast-idx3-ubyte",
      () => idx(8, [2 ** 24, 2 ** 24, 2 ** 24], ramp8),
      "array-is-cut-off",
    ],
    ["pickled objects", "objects.npy", () => npy("|O", [3], ramp(6)), "npy-holds-objects"],
    ["2^50 elements", "promise.npy", () => npy("<f4", [2 ** 48, 4], ramp(6)), "array-is-cut-off"],
    [
      "2^50 elements in an archive",
      "promise.npz",
      () => zipSync({ "in.npy": npy("<f4", [2 ** 48, 4], ramp(6)) }),
      "array-is-cut-off",
    ],
  ])("%s: refused at once", async (_, name, make, id) => {
    writeFileSync(file(name), make());
    const started = performance.now();
    const error = await rejection(open(name, [slot("in", ["N", 3])]));
    expect([error.code, error.id]).toEqual(["invalid", id]);
    expect(error.describe()).toContain(name);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it.skipIf(process.platform === "win32")(
    "pipes, devices and circles of links are refused, not read",
    async () => {
      const pipe = (name: string): void => void spawnSync("mkfifo", [file(name)]);
      mkdirSync(file("odd/a"), { recursive: true });
      mkdirSync(file("circle"));
      mkdirSync(file("tensors"));
      for (const name of ["x-pipe.npy", "x-pipe.npz", "x-pipe.pb", "pipe-idx1-ubyte.gz", "pipe.mjs"])
        pipe(name);
      pipe("odd/a/pipe.png");
      pipe("tensors/input_0.pb");
      symlinkSync("/dev/zero", file("zero.npy"));
      symlinkSync("loop", file("circle/loop"));
      symlinkSync("self.npy", file("self.npy"));
      const rows = [
        ["x-pipe.npy", "data-is-not-regular-file", "x-pipe.npy"],
        ["x-pipe.npz", "data-is-not-regular-file", "x-pipe.npz"],
        ["x-pipe.pb", "data-is-not-regular-file", "x-pipe.pb"],
        ["pipe-idx1-ubyte.gz", "data-is-not-regular-file", "pipe-idx1-ubyte.gz"],
        ["pipe.mjs", "data-is-not-regular-file", "pipe.mjs"],
        ["zero.npy", "data-is-not-regular-file", "zero.npy"],
        ["tensors", "data-is-not-regular-file", "input_0.pb"],
        ["odd", "data-is-not-regular-file", "pipe.png"],
        ["circle", "links-go-in-circle", "circle/loop"],
        ["self.npy", "links-go-in-circle", "self.npy"],
      ] as const;
      for (const [name, id, named] of rows) {
        const error = await rejection(
          open(name, [slot("in", ["N", 3, 2, 2])]).then((data) => collect(data, { size: 1 })),
        );
        expect([name, error.id]).toEqual([name, id]);
        expect(error.describe()).toContain(named);
      }
    },
  );

  it("images of unequal sizes are brought to one, and huge ones refused by their headers", async () => {
    mkdirSync(file("sizes"));
    for (const [name, width, height] of [
      ["a.png", 9, 4],
      ["b.png", 3, 30],
    ] as const) {
      await sharp({ create: { width, height, channels: 3, background: "red" } })
        .png()
        .toFile(file(`sizes/${name}`));
    }
    const [batch] = await collect(await open("sizes", [slot("in", ["N", 3, "H", "W"])]), { size: 2 });
    expect(batch?.tensors.get("in")?.dims).toEqual([2, 3, 4, 9]);
    const header = readFileSync(file("sizes/a.png"));
    for (const [name, width, height, id] of [
      ["vast", 2 ** 30, 2 ** 30, "image-is-unreadable"],
      ["large", 2 ** 13, 2 ** 13, "image-is-too-large"],
    ] as const) {
      mkdirSync(file(name));
      const ihdr = Buffer.from(header.subarray(12, 29));
      ihdr.writeUInt32BE(width, 4);
      ihdr.writeUInt32BE(height, 8);
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(ihdr));
      writeFileSync(
        file(`${name}/a.png`),
        Buffer.concat([header.subarray(0, 12), ihdr, sum, header.subarray(33)]),
      );
      const error = await rejection(open(name, [slot("in", ["N", 3, "H", "W"])]));
      expect(error.id).toBe(id);
      expect(error.describe()).toContain("a.png");
    }
  });

  it("names the image that cannot be read", async () => {
    mkdirSync(file("broken"));
    writeFileSync(file("broken/a.png"), "no image");
    const error = await rejection(
      open("broken", [slot("in", ["N", 3, 2, 2])]).then((data) => collect(data, { size: 1 })),
    );
    expect(error.describe()).toMatch(/a\.png/);
    expect(error.id).toBe("file-is-not-image");
  });

  it("refuses labels of another number", async () => {
    const error = await rejection(
      open("x.npy", [slot("in", ["N", 3])], { labels: file("labels-idx1-ubyte") }),
    );
    expect(error.id).toBe("sample-counts-differ");
    expect(error.describe()).toMatch(/5 samples and its labels 2/);
  });
});
