import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * The imports that each room may have; a room may always import itself and the rooms inside it, and "src/ops" stands for
 * its families too. The order is the direction of the data's dependencies.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "src/base": [],
  // The options of the command line and of the library, as data.
  "src/options": ["src/base"],
  "src/ir": ["src/base"],
  "src/proto": ["src/base", "src/ir"],
  // A model is read in either form, which its content decides.
  "src/text": ["src/base", "src/ir", "src/proto"],
  // What changed between two models.
  "src/diff": ["src/base", "src/ir", "src/text"],
  "src/affine": ["src/base", "src/ir"],
  "src/float64": ["src/base", "src/ir"],
  // The language in which the families are written.
  "src/rules": ["src/base", "src/ir", "src/affine", "src/float64"],
  // The families of operators. Each may import only the other families that are named here.
  ...family("attention"),
  ...family("classic"),
  ...family("contrib", "convolution", "linear", "quantization"),
  ...family("control"),
  ...family("convolution"),
  ...family("elementwise"),
  ...family("generate", "elementwise"),
  ...family("linear", "elementwise"),
  ...family("loss"),
  ...family("movement", "generate"),
  ...family("normalization", "elementwise"),
  ...family("pooling", "convolution"),
  ...family("quantization", "convolution", "elementwise", "linear"),
  ...family("recurrent", "elementwise"),
  ...family("reduction"),
  ...family("sequence"),
  ...family("shape"),
  ...family("signal"),
  ...family("text"),
  ...family("vision"),
  // The catalogue and the facets, which put the families together.
  "src/ops": ["src/base", "src/ir", "src/rules"],
  // The engines, which use the rules of the families.
  "src/analysis": ["src/base", "src/ir", "src/rules", "src/ops"],
  "src/patterns": ["src/base", "src/ir", "src/rules", "src/ops"],
  // What the runtime that a result is for does with it when it loads.
  "src/target": ["src/base", "src/ir", "src/rules", "src/ops", "src/patterns"],
  "src/fold": ["src/base", "src/ir", "src/affine", "src/rules", "src/ops"],
  "src/relayout": ["src/base", "src/ir", "src/rules", "src/ops"],
  "src/rewrite": [
    "src/base",
    "src/ir",
    "src/affine",
    "src/rules",
    "src/ops",
    "src/analysis",
    "src/patterns",
    "src/fold",
    "src/relayout",
    "src/target",
  ],
  passes: [
    "src/base",
    "src/ir",
    "src/affine",
    "src/rules",
    "src/ops",
    "src/analysis",
    "src/patterns",
    "src/fold",
    "src/relayout",
    "src/target",
    "src/rewrite",
  ],
  "src/runtime": ["src/base", "src/ir", "src/proto", "src/rules", "src/ops", "src/analysis"],
  "src/reference": ["src/base", "src/ir", "src/float64", "src/rules", "src/ops", "src/runtime"],
  "src/node": ["src/base", "src/ir", "src/proto", "src/text", "src/runtime", "src/data", "src/training"],
  // onnxruntime in a process of its own.
  "src/isolation": ["src/base", "src/ir", "src/runtime", "src/node"],
  "src/data": ["src/base", "src/ir", "src/runtime"],
  "src/opset": ["src/base", "src/ir", "src/rules", "src/analysis", "src/ops"],
  // The form in which a model is given to the runtime.
  "src/staging": ["src/base", "src/ir", "src/proto", "src/ops", "src/opset", "src/runtime"],
  "src/gradient": ["src/base", "src/ir", "src/rules", "src/analysis", "src/ops", "src/opset", "src/proto"],
  // Inserting normalizations, and estimating their statistics.
  "src/batchnorm": [
    "src/base",
    "src/options",
    "src/ir",
    "src/affine",
    "src/float64",
    "src/rules",
    "src/analysis",
    "src/patterns",
    "src/ops",
    "src/opset",
    "src/staging",
    "src/data",
    "src/runtime",
    "src/proto",
    "src/reference",
  ],
  "src/training": [
    "src/base",
    "src/options",
    "src/ir",
    "src/rules",
    "src/analysis",
    "src/ops",
    "src/opset",
    "src/staging",
    "src/proto",
    "src/gradient",
    "src/batchnorm",
    "src/data",
    "src/runtime",
  ],
  // What a run of a model takes: counted, and measured.
  "src/profile": ["src/base", "src/ir", "src/rules", "src/ops", "src/analysis", "src/runtime"],
  // The functions of the first door, one file each.
  "src/library": [
    "src/base",
    "src/options",
    "src/ir",
    "src/proto",
    "src/text",
    "src/rules",
    "src/analysis",
    "src/ops",
    "src/opset",
    "src/staging",
    "src/rewrite",
    "passes",
    "src/runtime",
    "src/reference",
    "src/profile",
    "src/node",
    "src/isolation",
  ],
  // Making a model small on which something goes wrong.
  "src/reduce": [
    "src/base",
    "src/ir",
    "src/proto",
    "src/text",
    "src/rules",
    "src/analysis",
    "src/ops",
    "passes",
    "src/runtime",
    "src/library",
    "src/node",
    "src/isolation",
  ],
  // Configuration: finding, loading, merging; presets and plugins.
  "src/config": ["src/base", "src/options", "src/node", "src/rewrite"],
  "src/config.ts": ["src/config"],
  // The scripts by which shells complete command lines.
  "src/completion": ["src/options"],
  // What a model must meet to pass.
  "src/budget": [
    "src/base",
    "src/options",
    "src/ops",
    "src/rewrite",
    "src/runtime",
    "src/profile",
    "src/library",
  ],
  // What --json prints, as types.
  "src/contract": [
    "src/budget",
    "src/base",
    "src/rules",
    "src/ops",
    "src/rewrite",
    "src/runtime",
    "src/batchnorm",
    "src/training",
    "src/trainer",
    "src/profile",
    "src/library",
    "src/diff",
    "src/reduce",
  ],
  // A command's work on one model's files: what is read, what is written; nothing is printed.
  "src/job": [
    "src/base",
    "src/options",
    "src/config",
    "src/ir",
    "src/runtime",
    "src/profile",
    "src/library",
    "src/budget",
    "src/contract",
    "src/node",
    "src/isolation",
  ],
  // Many models in one run: which, where their results go, the workers, results of earlier runs.
  "src/batch": [
    "src/base",
    "src/options",
    "src/budget",
    "src/contract",
    "src/node",
    "src/isolation",
    "src/config",
    "src/job",
  ],
  // Results of earlier runs.
  "src/cache": ["src/base", "src/node", "src/config", "src/job", "src/batch"],
  "src/report": [
    "src/budget",
    "src/base",
    "src/ir",
    "src/text",
    "src/rules",
    "src/ops",
    "src/batchnorm",
    "src/training",
    "src/rewrite",
    "src/runtime",
    "src/reference",
    "src/profile",
    "src/library",
    "src/job",
    "src/diff",
    "src/batch",
    "src/reduce",
  ],
  "src/index.ts": [
    "src/diff",
    "src/base",
    "src/ir",
    "src/proto",
    "src/text",
    "src/affine",
    "src/rules",
    "src/analysis",
    "src/ops",
    "src/rewrite",
    "src/runtime",
    "src/profile",
    "src/opset",
    "src/node",
    "src/library",
    "src/reduce",
    "passes",
  ],
  // The functions of the second door that go beyond one room: onnxruntime by default, files, runs that can be resumed.
  "src/trainer": [
    "src/base",
    "src/options",
    "src/config",
    "src/ir",
    "src/data",
    "src/batchnorm",
    "src/training",
    "src/runtime",
    "src/node",
  ],
  // The second door.
  "src/train.ts": [
    "src/base",
    "src/ir",
    "src/data",
    "src/rules",
    "src/ops",
    "src/gradient",
    "src/batchnorm",
    "src/training",
    "src/trainer",
    "src/node",
  ],
  // The plugin for bundlers. It takes what it can from the first door, so that no file of the library is parted for it.
  "src/unplugin": [
    "src/base",
    "src/options",
    "src/ir",
    "src/node",
    "src/library",
    "src/cache",
    "src/index.ts",
  ],
  // What a command did, for pipelines: annotations, test reports, tables.
  "src/reporters": ["src/base", "src/runtime", "src/budget", "src/contract", "src/report"],
  "src/cli": [
    "src/reporters",
    "src/base",
    "src/options",
    "src/config",
    "src/library",
    "src/diff",
    "src/completion",
    "src/reduce",
    "src/index.ts",
    "src/train.ts",
    "src/contract",
    "src/job",
    "src/batch",
    "src/cache",
    "src/report",
    "src/node",
    "src/isolation",
  ],
};

/** The row of a family of operators, which may also import the families named behind it. */
function family(name: string, ...siblings: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const lower = ["src/base", "src/ir", "src/affine", "src/float64", "src/rules"];
  return { [`src/ops/${name}`]: [...lower, ...siblings.map((sibling) => `src/ops/${sibling}`)] };
}

/** No room may hold more than this part of the code. */
const LARGEST_ROOM = 0.16;

/** The only places that touch Node: the rest takes bytes and gives bytes, and runs in a browser too. */
const NODE_PLACES = [
  "src/node",
  "src/isolation",
  "src/config",
  "src/job",
  "src/batch",
  "src/cache",
  "src/unplugin",
  "src/cli",
  "src/runtime/ort.ts",
  "src/runtime/ort-web.ts",
];

/** Packages by the places that may use them; all other code uses no package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "protobufjs/minimal.js": ["src/proto"],
  "onnx-proto": ["src/proto"],
  "onnxruntime-node": ["src/runtime/ort.ts", "src/runtime/ort-session.ts", "src/runtime/ort-web.ts"],
  "onnxruntime-web": ["src/runtime/ort-web.ts"],
  fflate: ["src/node"],
  sharp: ["src/node/data/images.ts"],
  commander: ["src/cli"],
  picocolors: ["src/cli", "src/report"],
  picomatch: ["src/batch/glob.ts", "src/config/path-matcher.ts"],
  jiti: ["src/config/load-module.ts"],
  "yocto-spinner": ["src/cli"],
  unplugin: ["src/unplugin"],
};

interface Import {
  readonly file: string;
  readonly room: string;
  readonly specifier: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function roomOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT).find((room) => isWithin(file, room));
}

function isWithin(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const pattern = /(?:^|\n)\s*(?:import|export)\b[^;]*?\bfrom\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    room: roomOf(file) ?? "",
    specifier: match[1] ?? match[2] ?? "",
  }));
}

const files = [...sources("src"), ...sources("passes")];
const imports = files.flatMap(importsOf);

describe("the house", () => {
  it("has every file in a room of the table", () => {
    const homeless = files.filter((file) => roomOf(file) === undefined);
    expect(homeless, "move each file into a room, or give its room a row in MAY_IMPORT").toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });

  it("lets imports go one way only", () => {
    const wrong = imports.flatMap(({ file, room, specifier }) => {
      if (!specifier.startsWith(".")) return [];
      const target = relative(root, resolve(root, dirname(file), specifier)).replace(/\.js$/, ".ts");
      const targetRoom = roomOf(target);
      const rooms = [room, ...(MAY_IMPORT[room] ?? [])];
      const allowed = targetRoom !== undefined && rooms.some((lower) => isWithin(targetRoom, lower));
      return allowed ? [] : [`${file} imports ${target}`];
    });
    expect(wrong, "MAY_IMPORT allows none of these").toEqual([]);
  });

  it("has no circle of rooms", () => {
    const edges = new Map<string, Set<string>>();
    for (const { file, room, specifier } of imports) {
      if (!specifier.startsWith(".")) continue;
      const target = roomOf(relative(root, resolve(root, dirname(file), specifier)).replace(/\.js$/, ".ts"));
      if (target !== undefined && target !== room)
        edges.set(room, (edges.get(room) ?? new Set()).add(target));
    }
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(edges.get(from) ?? [])].some(
        (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
      );
    const inCircle = Object.keys(MAY_IMPORT).filter((room) => reaches(room, room));
    expect(inCircle, "these rooms import each other; let one of them import no other").toEqual([]);
  });

  it("has no room of more than a sixth of the code, a family of operators being a room", () => {
    const lines = (file: string): number => readFileSync(join(root, file), "utf8").split("\n").length;
    const sizes = new Map<string, number>();
    for (const file of files) {
      const room = roomOf(file) ?? "";
      sizes.set(room, (sizes.get(room) ?? 0) + lines(file));
    }
    const whole = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    const tooLarge = [...sizes].filter(([, size]) => size > LARGEST_ROOM * whole);
    expect(tooLarge, "split the room").toEqual([]);
  });

  it("keeps passes apart from each other", () => {
    const wrong = imports.filter(
      ({ file, specifier }) =>
        file.startsWith("passes/") && file !== "passes/index.ts" && specifier.startsWith("./"),
    );
    expect(wrong, "move what passes share to src/rewrite").toEqual([]);
  });

  it("touches Node's modules only in file access, onnxruntime-node and the command line", () => {
    const isNodePlace = (file: string): boolean =>
      NODE_PLACES.some((place) => file === place || file.startsWith(`${place}/`));
    const byImport = imports
      .filter(({ file, specifier }) => specifier.startsWith("node:") && !isNodePlace(file))
      .map(({ file, specifier }) => `${file} imports ${specifier}`);
    const byGlobal = files
      .filter((file) => !isNodePlace(file))
      .filter((file) =>
        /\b(?:process|Buffer)\.\w|\b__dirname\b|\b(?:setImmediate|require)\(/.test(
          readFileSync(join(root, file), "utf8"),
        ),
      );
    expect([...byImport, ...byGlobal], "move it to src/node, or pass it in").toEqual([]);
  });

  it("uses each package only where it is at home", () => {
    const wrong = imports.flatMap(({ file, specifier }) => {
      if (specifier.startsWith(".") || specifier.startsWith("node:")) return [];
      const places = PACKAGES[specifier] ?? [];
      const atHome = places.some((place) => file === place || file.startsWith(`${place}/`));
      return atHome ? [] : [`${file} imports ${specifier}`];
    });
    expect(wrong, "PACKAGES says where each package may be imported").toEqual([]);
  });

  it("names every pass after its file", async () => {
    const { PASSES } = await import("../passes/index.js");
    const names = sources("passes").map((file) => file.slice("passes/".length, -".ts".length));
    const files = names.filter((name) => name !== "index");
    const registered: readonly string[] = PASSES.map(({ name }) => name);
    const unregistered = files.filter((name) => !registered.includes(name));
    expect(unregistered, "add each pass to passes/index.ts, under the name of its file").toEqual([]);
    const misnamed = registered.filter((name) => !files.includes(name));
    expect(misnamed, "give each pass the name of its file").toEqual([]);
  });
});
