import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import type { Model } from "../../src/ir/model.js";
import { type FileSystem, fileSystem } from "../../src/node/file-system.js";
import { openModelFile, type WriteModelOptions, writeModelFile } from "../../src/node/files.js";
import { decodeModel } from "../../src/proto/decode.js";
import { modelBytes } from "../proto/support.js";
import { FAULTS, failingSystem } from "../support/failing-system.js";

/**
 * Every call of the writer fails in turn, or the process ends there. Whatever happens, the model that is there is the old one or the
 * new one, whole, with its data; so are all other models; and nothing is left but after the end of the process.
 */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "normfold-faults-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

const OLD = 1;
const NEW = 2;

function modelOf(fill: number): Model {
  const weight = (name: string, size: number) => ({
    name,
    dims: [size],
    data_type: 1,
    raw_data: new Uint8Array(new Float32Array(size).fill(fill).buffer),
  });
  return decodeModel(memorySource(modelBytes({ initializer: [weight("w", 1000), weight("v", 700)] })));
}

/** The number that fills all weights of a model. */
function fillOf(path: string): number {
  const numbers = new Set<number>();
  for (const { tensor } of openModelFile(path).graph.initializers) {
    const bytes = tensor?.bytes() ?? new Uint8Array();
    for (const number of new Float32Array(bytes.slice().buffer)) numbers.add(number);
  }
  const [fill = Number.NaN, ...more] = numbers;
  expect(more, "weights of two models are mixed").toEqual([]);
  return fill;
}

interface Scenario {
  /** What is there before; undefined: no model at net.onnx. */
  readonly before?: () => Promise<unknown>;
  /** The model that is written, where it is another than one of its own. */
  readonly model?: () => Model;
  readonly options?: WriteModelOptions;
  /** The files that are there once all went well. */
  readonly files: readonly (string | RegExp)[];
  /** Models that must stay as they are. */
  readonly others?: readonly string[];
  readonly withoutLinks?: boolean;
}

const write = (fill: number, options: WriteModelOptions = {}, name = "net.onnx"): Promise<unknown> =>
  writeModelFile(modelOf(fill), at(name), { ...options, fsync: false });

const SUBSTITUTE = /^net\.onnx\.[0-9a-f]{8}\.data$/;
const EXTERNAL = { externalData: true } as const;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "a new file": { files: ["net.onnx"] },
  "over a file": { before: () => write(OLD), files: ["net.onnx"] },
  "a new model with data": { options: EXTERNAL, files: ["net.onnx", "net.onnx.data"] },
  "data for a model that had none": {
    before: () => write(OLD),
    options: EXTERNAL,
    files: ["net.onnx", "net.onnx.data"],
  },
  "other data": { before: () => write(OLD, EXTERNAL), options: EXTERNAL, files: ["net.onnx", SUBSTITUTE] },
  "other data a second time": {
    before: async () => {
      await write(3, EXTERNAL);
      await write(OLD, EXTERNAL);
    },
    options: EXTERNAL,
    files: ["net.onnx", "net.onnx.data"],
  },
  "the same data": {
    before: () => write(NEW, EXTERNAL),
    options: EXTERNAL,
    files: ["net.onnx", "net.onnx.data"],
  },
  "other data where files have one name": {
    before: () => write(OLD, EXTERNAL),
    options: EXTERNAL,
    files: ["net.onnx", SUBSTITUTE],
    withoutLinks: true,
  },
  "data where files have one name": {
    options: EXTERNAL,
    files: ["net.onnx", "net.onnx.data"],
    withoutLinks: true,
  },
  "a model that takes its data in": {
    before: () => write(OLD, EXTERNAL),
    options: { externalData: false },
    files: ["net.onnx"],
  },
  "over the model that is read, which keeps its data": {
    before: () => write(OLD, EXTERNAL),
    model: () => openModelFile(at("net.onnx")),
    files: ["net.onnx", "net.onnx.data"],
  },
  "over the model that is read, with data of another name": {
    before: () => write(OLD, { externalData: { location: "weights.bin" } }),
    model: () => openModelFile(at("net.onnx")),
    options: EXTERNAL,
    files: ["net.onnx", "net.onnx.data", "weights.bin"],
  },
  "data in a folder below": {
    before: async () => {
      mkdirSync(at("sub"));
      await write(OLD, { externalData: { location: "sub/w.bin" } });
    },
    options: { externalData: { location: "sub/w.bin" } },
    files: ["net.onnx", "sub"],
  },
  "a data file that nothing reads": {
    before: () => Promise.resolve(writeFileSync(at("net.onnx.data"), "stale")),
    options: EXTERNAL,
    files: ["net.onnx", "net.onnx.data"],
  },
  "a data file that another model reads": {
    before: async () => {
      await write(OLD, EXTERNAL);
      writeFileSync(at("copy.onnx"), readFileSync(at("net.onnx")));
    },
    options: EXTERNAL,
    files: ["copy.onnx", "net.onnx", SUBSTITUTE, "net.onnx.data"],
    others: ["copy.onnx"],
  },
  "a data file with two names": {
    before: async () => {
      await write(OLD, EXTERNAL);
      linkSync(at("net.onnx.data"), at("other.bin"));
    },
    options: EXTERNAL,
    files: ["net.onnx", SUBSTITUTE, "net.onnx.data", "other.bin"],
  },
  "a data file that is a link": {
    before: async () => {
      await write(OLD, { externalData: { location: "w.bin" } });
      symlinkSync(at("w.bin"), at("net.onnx.data"));
      writeFileSync(
        at("net.onnx"),
        readFileSync(at("net.onnx")).toString("latin1").replace("w.bin", "w.bin"),
        "latin1",
      );
    },
    options: EXTERNAL,
    files: ["net.onnx", SUBSTITUTE, "net.onnx.data", "w.bin"],
  },
  "through a link": {
    before: async () => {
      await write(OLD, EXTERNAL, "real.onnx");
      symlinkSync(at("real.onnx"), at("net.onnx"));
    },
    options: EXTERNAL,
    files: ["net.onnx", "net.onnx.data", "real.onnx", "real.onnx.data"],
  },
};

const TEMPORARY = /^\.normfold-.*\.tmp$/;

function temporaries(): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => TEMPORARY.test(name.split("/").at(-1) ?? ""));
}

describe.each(Object.entries(SCENARIOS))("%s", (_, scenario) => {
  const {
    before,
    model = () => modelOf(NEW),
    options = {},
    files,
    others = [],
    withoutLinks = false,
  } = scenario;

  async function prepare(): Promise<{
    readonly old: number | undefined;
    readonly wanted: number;
    run: (faulty: ReturnType<typeof failingSystem>) => Promise<unknown>;
  }> {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await before?.();
    const old = existsSync(at("net.onnx")) ? fillOf(at("net.onnx")) : undefined;
    const written = model();
    const [value] = written.graph.initializers;
    const wanted =
      new Float32Array((value?.tensor?.bytes() ?? new Uint8Array()).slice().buffer)[0] ?? Number.NaN;
    return {
      old,
      wanted,
      run: ({ system }) => writeModelFile(written, at("net.onnx"), { ...options, system }),
    };
  }

  it("leaves the new model and nothing else", async () => {
    const { wanted, run } = await prepare();
    await run(failingSystem(-1, "EIO", { withoutLinks }));
    expect(fillOf(at("net.onnx"))).toBe(wanted);
    const left = readdirSync(folder).sort();
    expect(left).toHaveLength(files.length);
    for (const name of files) {
      expect(
        left.some((found) => (typeof name === "string" ? name === found : name.test(found))),
        String(name),
      ).toBe(true);
    }
  });

  it.each(FAULTS)("stands %s at every call", async (fault) => {
    const { run: count } = await prepare();
    const whole = failingSystem(-1, "EIO", { withoutLinks });
    await count(whole);
    expect(whole.calls.length).toBeGreaterThan(4);
    for (let call = 0; call < whole.calls.length; call++) {
      const { old, wanted, run } = await prepare();
      const faulty = failingSystem(call, fault, { withoutLinks });
      const failed = await run(faulty).then(
        () => false,
        () => true,
      );
      const place = `${fault} at ${whole.calls[call]}, call ${call}`;
      const found = existsSync(at("net.onnx")) ? fillOf(at("net.onnx")) : undefined;
      if (fault === "kill") expect([old, wanted], place).toContain(found);
      else expect(found, place).toBe(failed ? old : wanted);
      for (const other of others) expect(fillOf(at(other)), place).toBe(OLD);
      if (fault !== "kill" && whole.calls[call] !== "unlink") expect(temporaries(), place).toEqual([]);
      // Whatever was left, the next run goes well.
      await writeModelFile(model(), at("net.onnx"), { ...options, fsync: false });
      expect(fillOf(at("net.onnx")), place).toBe(wanted);
      for (const other of others) expect(fillOf(at(other)), place).toBe(OLD);
    }
  });
});

it("gives the data a name of its own when another writer takes the wanted one meanwhile", async () => {
  let others = 0;
  const system: FileSystem = {
    ...fileSystem,
    write: async (...call) => {
      if (others++ === 0) await write(OLD, EXTERNAL);
      return fileSystem.write(...call);
    },
  };
  await writeModelFile(modelOf(NEW), at("net.onnx"), { ...EXTERNAL, fsync: false, system });
  expect(fillOf(at("net.onnx"))).toBe(NEW);
  // The other one's data stays for its owner: it was not there before.
  const names = readdirSync(folder).sort();
  expect(names).toEqual(["net.onnx", expect.stringMatching(SUBSTITUTE), "net.onnx.data"]);
});
