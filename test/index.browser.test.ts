import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const door = JSON.stringify(new URL("../dist/src/index.js", import.meta.url).href);
const model = JSON.stringify(fileURLToPath(new URL("../models/zoo/resnet18_w16.onnx", import.meta.url)));

/** Refuses to load Node's modules and onnxruntime-node, which a browser does not have. */
const FORBID = `
import { isBuiltin } from "node:module";
export const resolve = (specifier, context, next) => {
  if (isBuiltin(specifier) || specifier.startsWith("onnxruntime-node")) {
    throw new Error("not in a browser: " + specifier);
  }
  return next(specifier, context);
};
`;

/** The script reads the model before Node's modules are blocked; from then on it has only bytes and the web's globals. */
const PRELUDE = `
import { readFileSync } from "node:fs";
import { register } from "node:module";
const bytes = new Uint8Array(readFileSync(${model}));
register(new URL("forbid.mjs", import.meta.url));
for (const name of ["process", "Buffer", "setImmediate", "global"]) delete globalThis[name];
`;

/** The built library in a process whose module loader knows nothing of Node. */
describe("without Node's modules", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "normfold-browser-"));
    writeFileSync(join(folder, "forbid.mjs"), FORBID);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (body: string): string => {
    const file = join(folder, "page.mjs");
    writeFileSync(file, `${PRELUDE}\n${body}`);
    return execFileSync(process.execPath, [file], { encoding: "utf8" }).trim();
  };

  it("holds the modules back", () => {
    const said = run(`console.log(await import("node:fs").catch((error) => error.message));`);
    expect(said).toBe("not in a browser: node:fs");
  });

  it("takes bytes, optimizes and gives bytes", () => {
    const said = run(`
      const { loadModel, modelToBytes, optimize } = await import(${door});
      const { model, report } = await optimize(await loadModel(bytes), { check: false });
      const again = await loadModel(modelToBytes(model));
      const left = [...again.graph.nodes()].filter((node) => node.opType === "BatchNormalization");
      console.log(report.before.nodes > report.after.nodes, left.length);
    `);
    expect(said).toBe("true 0");
  });

  it("checks with the runtime it is given", () => {
    const said = run(`
      const { check, loadModel, parse } = await import(${door});
      const text = '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { y = Identity(x) }';
      const opened = [];
      const runtime = {
        open: async (model) => {
          opened.push(model.kind);
          const port = (name) => [{ name, dtype: "float32", shape: [2] }];
          return { inputs: port("x"), outputs: port("y"), run: async (feeds) => new Map([["y", feeds.get("x")]]), close: async () => {} };
        },
      };
      const report = await check(parse(text), parse(text), { runtime });
      console.log(report.status, opened.every((kind) => kind === "bytes"));
    `);
    expect(said).toBe("equal true");
  });

  it("prints and parses text", () => {
    const said = run(`
      const { loadModel, modelsEqual, parse, print } = await import(${door});
      const model = await loadModel(bytes);
      const text = print(model, { maxElements: Infinity });
      console.log(parse(text).graph.inputs.length, print(parse(text), { maxElements: Infinity }) === text);
    `);
    expect(said).toBe("1 true");
  });
});
