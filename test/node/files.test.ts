import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { Tensor } from "../../src/ir/tensor.js";
import {
  openModelFile,
  openSource,
  removeTemporaryFiles,
  writeModelFile,
  writeTemporaryModel,
} from "../../src/node/files.js";
import { decodeModel } from "../../src/proto/decode.js";
import { failure, type Message, modelBytes } from "../proto/support.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "normfold-files-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (...parts: string[]): string => join(folder, ...parts);

function put(name: string, bytes: Uint8Array): string {
  writeFileSync(at(name), bytes);
  return at(name);
}

function external(location: string, offset = 0): Message {
  const entries = { location, offset: String(offset), length: "4096" };
  return {
    name: "w",
    dims: [1024],
    data_type: 1,
    external_data: Object.entries(entries).map(([key, value]) => ({ key, value })),
    data_location: 1,
  };
}

const weights = Uint8Array.from({ length: 8192 }, (_, i) => i % 251);

/** A model at `name` whose weights are in `location`. */
function putExternal(name: string, location: string): string {
  return put(name, modelBytes({ initializer: [external(location, 64)] }));
}

function weightsOf(path: string): Uint8Array | undefined {
  const [value] = openModelFile(path).graph.initializers;
  return value?.tensor?.bytes();
}

async function rejection(promise: Promise<unknown>): Promise<NormfoldError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof NormfoldError) return error;
    throw error;
  }
  throw new Error("it should have failed");
}

const big = { name: "w", dims: [1000, 1000], data_type: 1, raw_data: new Uint8Array(4_000_000).fill(3) };

describe("reading", () => {
  it("opens paths and URLs, and leaves tensors in the file", () => {
    const path = put("m.onnx", modelBytes({ initializer: [big] }));
    for (const file of [path, pathToFileURL(path)]) {
      const [value] = openModelFile(file).graph.initializers;
      expect(value?.tensor?.data).toMatchObject({ kind: "range", range: { length: 4_000_000 } });
      expect(value?.tensor?.bytes()[3_999_999]).toBe(3);
    }
  });

  it("reads little of a big file", () => {
    const source = openSource(put("m.onnx", modelBytes({ initializer: [big, { ...big, name: "v" }] })));
    let bytes = 0;
    const counted = {
      size: source.size,
      read: (offset: number, length: number) => {
        bytes += length;
        return source.read(offset, length);
      },
    };
    expect(decodeModel(counted).graph.initializers.size).toBe(2);
    expect(source.size).toBeGreaterThan(8_000_000);
    expect(bytes).toBeLessThan(50_000);
  });

  it("names the fault of a path", () => {
    const cases: [path: string, id: string][] = [
      [at("nothing.onnx"), "file-is-not-there"],
      [folder, "folder-is-not-model"],
      [put("empty.onnx", new Uint8Array(0)), "model-file-is-empty"],
      [put("a\n.onnx", Buffer.from("text")), "file-is-text"],
      [at("m\0.onnx"), "file-name-holds-nul"],
    ];
    for (const [path, id] of cases) expect(failure(() => openModelFile(path)).id).toBe(id);
    expect(failure(() => openModelFile(at("nothing.onnx"))).code).toBe("io");
    expect(failure(() => openModelFile(new URL("https://example.org/m.onnx")))).toMatchObject({
      code: "usage",
      id: "url-is-not-file",
    });
  });

  it("notices a file that became shorter", () => {
    const path = put("m.onnx", modelBytes({ initializer: [big] }));
    const [value] = openModelFile(path).graph.initializers;
    truncateSync(path, 1000);
    const error = failure(() => value?.tensor?.bytes());
    expect(error.code).toBe("io");
    expect(error.id).toBe("file-became-shorter");
    expect(error.describe()).toContain(`${path}, byte 1000: `);
  });
});

describe("external data", () => {
  it("is read beside the model, in folders below it, and through links inside", () => {
    mkdirSync(at("sub"));
    put("sub/w.bin", weights);
    symlinkSync(at("sub/w.bin"), at("link.bin"));
    for (const location of ["sub/w.bin", "./sub/w.bin", "sub/../sub/w.bin", "link.bin"]) {
      expect(weightsOf(putExternal("m.onnx", location))).toEqual(weights.slice(64, 4160));
    }
  });

  it("is refused outside the model's folder, unless allowed", () => {
    mkdirSync(at("model"));
    put("w.bin", weights);
    symlinkSync(at("w.bin"), at("model/link.bin"));
    symlinkSync(folder, at("model/up"));
    for (const location of ["../w.bin", at("w.bin"), "link.bin", "up/w.bin", "../model-evil/w.bin"]) {
      const path = putExternal("model/m.onnx", location);
      const error = failure(() => openModelFile(path));
      expect([error.code, error.id]).toEqual(["invalid", "external-is-outside-folder"]);
      expect(error.describe()).toContain(`${path}, tensor "w"`);
      if (location.includes("evil")) continue;
      const [value] = openModelFile(path, { allowOutsideExternalData: true }).graph.initializers;
      expect(value?.tensor?.bytes()).toEqual(weights.slice(64, 4160));
    }
  });

  it("is found beside the target of a linked model, as download caches have it", () => {
    mkdirSync(at("blobs"));
    mkdirSync(at("snapshot"));
    put("blobs/w", weights);
    putExternal("blobs/m", "w.bin");
    symlinkSync(at("blobs/m"), at("snapshot/m.onnx"));
    symlinkSync(at("blobs/w"), at("snapshot/w.bin"));
    expect(weightsOf(at("snapshot/m.onnx"))).toEqual(weights.slice(64, 4160));
  });

  it("must be there and long enough, unless it may be missing", () => {
    const path = putExternal("m.onnx", "w.bin");
    const lost = failure(() => openModelFile(path));
    expect(lost.id).toBe("file-is-not-there");
    expect(lost.describe()).toMatch(/w\.bin/);
    put("w.bin", weights.slice(0, 100));
    expect(failure(() => openModelFile(path)).describe()).toMatch(/tensor "w".*which has 100/);
    const [value] = openModelFile(path, { allowMissingExternalData: true }).graph.initializers;
    expect(value?.tensor?.data.kind).toBe("missing");
    rmSync(at("w.bin"));
    mkdirSync(at("w.bin"));
    expect(failure(() => openModelFile(path)).id).toBe("external-is-not-regular-file");
  });
});

describe("writing", () => {
  const original = modelBytes({ initializer: [big] });

  it("copies a model byte for byte, over itself too, and keeps the file's mode", async () => {
    const path = put("m.onnx", original);
    chmodSync(path, 0o640);
    const model = openModelFile(path);
    const { files } = await writeModelFile(model, at("copy.onnx"));
    expect(files).toEqual([{ path: at("copy.onnx"), bytes: original.length }]);
    await writeModelFile(model, path, { fsync: true });
    for (const name of ["m.onnx", "copy.onnx"])
      expect(Buffer.compare(readFileSync(at(name)), original)).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(["copy.onnx", "m.onnx"]);
    // The model still reads the file it came from, which has no name any more.
    await writeModelFile(model, at("again.onnx"));
    expect(Buffer.compare(readFileSync(at("again.onnx")), original)).toBe(0);
  });

  it("writes through a link to its target, and leaves other names of the old file alone", async () => {
    mkdirSync(at("there"));
    const target = put("there/m.onnx", modelBytes());
    linkSync(target, at("hard.onnx"));
    symlinkSync(target, at("link.onnx"));
    await writeModelFile(openModelFile(put("big.onnx", original)), at("link.onnx"));
    expect(statSync(target).size).toBe(original.length);
    expect(statSync(at("hard.onnx")).size).toBe(modelBytes().length);
  });

  it("takes the longest name that a file can have, and refuses a longer one in one line", async () => {
    const longest = "x".repeat(255);
    const model = openModelFile(put("m.onnx", original));
    await writeModelFile(model, at(longest));
    expect(Buffer.compare(readFileSync(at(longest)), original)).toBe(0);
    for (const [name, externalData] of [[`${longest}x`, false] as const, ["x".repeat(251), true] as const]) {
      const error = await rejection(writeModelFile(model, at(name), { externalData }));
      expect([error.code, error.id]).toEqual(["io", "name-is-too-long"]);
    }
    expect(readdirSync(folder).sort()).toEqual(["m.onnx", longest]);
  });

  it("leaves no new file, and the old file unchanged, when a tensor cannot be read", async () => {
    const model = openModelFile(put("m.onnx", original));
    const compute = (): Uint8Array => {
      throw new NormfoldError("io", "no more");
    };
    model.graph.addInitializer("late", new Tensor("float", [1000], { kind: "computed", compute }));
    put("out.onnx", Buffer.from("old"));
    for (const externalData of [true, false]) {
      const error = await rejection(writeModelFile(model, at("out.onnx"), { externalData }));
      expect(error.message).toBe("no more");
    }
    expect(readFileSync(at("out.onnx"), "utf8")).toBe("old");
    expect(readdirSync(folder).sort()).toEqual(["m.onnx", "out.onnx"]);
  });

  it("says why a place cannot be written", async () => {
    const model = openModelFile(put("m.onnx", modelBytes()));
    expect((await rejection(writeModelFile(model, folder))).id).toBe("folder-cannot-be-overwritten");
    const nowhere = await rejection(writeModelFile(model, at("no", "where.onnx")));
    expect([nowhere.code, nowhere.id]).toEqual(["io", "folder-is-not-there"]);
    const through = await rejection(writeModelFile(model, at("m.onnx", "x.onnx")));
    expect(through.id).toBe("path-leads-through-file");
    const location = { location: "../w.bin" };
    expect(await rejection(writeModelFile(model, at("o.onnx"), { externalData: location }))).toMatchObject({
      code: "usage",
      id: "data-file-name-is-invalid",
    });
  });

  it.skipIf(!existsSync("/dev/full"))("says that a disk is full", async () => {
    const model = openModelFile(put("m.onnx", original));
    const error = await rejection(writeModelFile(model, "/dev/full"));
    expect([error.code, error.id]).toEqual(["io", "disk-is-full"]);
  });

  it("stops on a signal without leaving anything", async () => {
    const huge = { name: "w", dims: [100 * 2 ** 20], data_type: 2, raw_data: new Uint8Array(0) };
    const model = openModelFile(put("m.onnx", modelBytes()));
    const piece = new Uint8Array(100 * 2 ** 20);
    model.graph.addInitializer(
      huge.name,
      new Tensor("uint8", huge.dims, { kind: "computed", compute: () => piece }),
    );
    const controller = new AbortController();
    controller.abort(new NormfoldError("io", "interrupted"));
    const error = await rejection(writeModelFile(model, at("out.onnx"), { signal: controller.signal }));
    expect(error.message).toBe("interrupted");
    removeTemporaryFiles();
    expect(readdirSync(folder)).toEqual(["m.onnx"]);
  });
});

describe("writing external data", () => {
  it("uses the data file that is there when the model stays beside it", async () => {
    put("w.bin", weights);
    const model = openModelFile(putExternal("m.onnx", "w.bin"));
    const { files } = await writeModelFile(model, at("copy.onnx"));
    expect(files.length).toBe(1);
    expect(Buffer.compare(readFileSync(at("copy.onnx")), readFileSync(at("m.onnx")))).toBe(0);
  });

  it("writes a data file of its own elsewhere, or none on request", async () => {
    put("w.bin", weights);
    mkdirSync(at("other"));
    const model = openModelFile(putExternal("m.onnx", "w.bin"));
    const { files } = await writeModelFile(model, at("other/m.onnx"));
    expect(files.map((file) => file.path)).toEqual([at("other/m.onnx"), at("other/m.onnx.data")]);
    expect(weightsOf(at("other/m.onnx"))).toEqual(weights.slice(64, 4160));
    await writeModelFile(model, at("other/one.onnx"), { externalData: false });
    rmSync(at("w.bin"));
    expect(weightsOf(at("other/one.onnx"))).toEqual(weights.slice(64, 4160));
  });

  it("takes the least size of a tensor in the data file as a number", async () => {
    const model = openModelFile(put("m.onnx", modelBytes({ initializer: [big] })));
    const { length } = await writeModelFile(model, at("in.onnx"), { externalData: 4_000_001 }).then(
      ({ files }) => files,
    );
    const { files } = await writeModelFile(model, at("beside.onnx"), { externalData: 4_000_000 });
    expect([length, files.length]).toEqual([1, 2]);
    expect(await rejection(writeModelFile(model, at("no.onnx"), { externalData: -1 }))).toMatchObject({
      id: "threshold-is-negative",
    });
  });

  it("gives new data another name while the model of before reads the file of that name", async () => {
    put("w.bin", weights);
    const path = putExternal("m.onnx", "w.bin");
    const model = openModelFile(path);
    const { files } = await writeModelFile(model, path, { externalData: { location: "w.bin" } });
    expect(files).toMatchObject([
      { path },
      { path: expect.stringMatching(/w\.[0-9a-f]{8}\.bin$/), bytes: 4096 },
    ]);
    expect(existsSync(at("w.bin"))).toBe(false);
    expect(weightsOf(path)).toEqual(weights.slice(64, 4160));
  });

  it("stages a model in a temporary folder and removes it", async () => {
    const model = openModelFile(put("m.onnx", modelBytes({ initializer: [big] })));
    const { model: staged, dispose } = await writeTemporaryModel(model);
    expect(readdirSync(join(staged.path, "..")).sort()).toEqual(["model.onnx", "model.onnx.data"]);
    expect(weightsOf(staged.path)?.length).toBe(4_000_000);
    await dispose();
    expect(existsSync(staged.path)).toBe(false);
  });
});
