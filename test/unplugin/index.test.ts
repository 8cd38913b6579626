import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rspack } from "@rspack/core";
import { build as esbuild } from "esbuild";
import { rolldown } from "rolldown";
import { type Plugin, rollup } from "rollup";
import { createServer, build as viteBuild } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import webpack from "webpack";
import { loadModel, parse, saveModel } from "../../src/index.js";
import type esbuildPlugin from "../../src/unplugin/esbuild.js";
import type { raw } from "../../src/unplugin/loader.js";
import type rolldownPlugin from "../../src/unplugin/rolldown.js";
import type rollupPlugin from "../../src/unplugin/rollup.js";
import type rspackPlugin from "../../src/unplugin/rspack.js";
import type vitePlugin from "../../src/unplugin/vite.js";
import type webpackPlugin from "../../src/unplugin/webpack.js";

/** The plugin as it is published. */
const PLUGIN = new URL("../../dist/node/unplugin/", import.meta.url);

interface Plugins {
  readonly vite: typeof vitePlugin;
  readonly rollup: typeof rollupPlugin;
  readonly rolldown: typeof rolldownPlugin;
  readonly esbuild: typeof esbuildPlugin;
  readonly webpack: typeof webpackPlugin;
  readonly rspack: typeof rspackPlugin;
}

async function pluginFor<Name extends keyof Plugins>(bundler: Name): Promise<Plugins[Name]> {
  const { default: plugin } = await import(new URL(`${bundler}.js`, PLUGIN).href);
  return plugin;
}

/** Three nodes of which one stays, with its weights in a file of their own. */
const MODEL = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N,4] x) => (float[N,4] y) <float[4] zero = {0, 0, 0, 0}, float[4,4] w = {${Array.from({ length: 16 }, (_, i) => i).join(", ")}}> {
    a = MatMul (x, w) b = Add (a, zero) y = Identity (b) }`;

const SOURCE = `
import address from "./model.onnx";
import again from "./model.onnx?url";
console.log(JSON.stringify([address, again].map(String)));
`;

let root = "";

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "normfold-bundlers-"));
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  writeFileSync(join(root, "main.js"), SOURCE);
  writeFileSync(join(root, "index.html"), '<script type="module" src="/main.js"></script>');
  await saveModel(parse(MODEL), join(root, "model.onnx"), { externalData: { threshold: 16 } });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const at = (...names: string[]): string => join(root, ...names);
const options = (): object => ({ cacheDir: at("cache") });

/** All files below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

/** The results in a cache, by their keys. */
function resultsIn(cacheDir: string): string[] {
  return filesIn(cacheDir).filter((name) => /assets.*[0-9a-f]{64}$/.test(name));
}

/** One asset with a hash in its name, the optimized model in one file, and its name in the code. */
async function expectAsset(out: string): Promise<string> {
  const files = filesIn(out).filter((name) => name.endsWith(".onnx"));
  expect(files).toHaveLength(1);
  const [name = ""] = files;
  const model = await loadModel(join(out, name));
  expect([...model.nodes()].map(({ opType }) => opType)).toEqual(["MatMul"]);
  expect(filesIn(out).filter((file) => file.endsWith(".data"))).toEqual([]);
  const code = filesIn(out)
    .filter((file) => /\.m?js$/.test(file))
    .map((file) => readFileSync(join(out, file), "utf8"))
    .join("\n");
  expect(code).toContain(name.split("/").at(-1));
  return name;
}

const COMPILED = { entry: "./main.js", mode: "development", devtool: false } as const;

function placesOf(name: string): object {
  const output = { path: at(name), assetModuleFilename: "models/[name].[hash][ext]", publicPath: "/p/" };
  return { context: root, output };
}

type Done = (error: Error | null, stats?: { hasErrors(): boolean; toString(): string }) => void;

/** Waits for a build of webpack's kind. */
async function compiled(run: (done: Done) => unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    run((error, stats) => {
      if (error !== null) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString()));
      else resolve();
    });
  });
}

describe("the plugin in a build of", () => {
  test("Vite, with the address that its base asks for", async () => {
    const vite = await pluginFor("vite");
    const out = at("vite");
    await viteBuild({
      root,
      base: "/app/",
      logLevel: "error",
      configFile: false,
      plugins: [vite(options())],
      build: { outDir: out, minify: false },
    });
    const name = await expectAsset(out);
    expect(name).toMatch(/^assets\/model-[\w-]{8}\.onnx$/);
    const [code = ""] = filesIn(out)
      .filter((file) => file.endsWith(".js"))
      .map((file) => readFileSync(join(out, file), "utf8"));
    expect(code).toContain(`/app/${name}`);
  });

  test("Rollup", async () => {
    const bundle = await rollup({ input: at("main.js"), plugins: [(await pluginFor("rollup"))(options())] });
    await bundle.write({ dir: at("rollup"), format: "es" });
    await expectAsset(at("rollup"));
    expect(bundle.watchFiles).toEqual(expect.arrayContaining([at("model.onnx"), at("model.onnx.data")]));
  });

  test("Rolldown", async () => {
    const bundle = await rolldown({
      input: at("main.js"),
      plugins: [(await pluginFor("rolldown"))(options())],
    });
    await bundle.write({ dir: at("rolldown"), format: "es" });
    await expectAsset(at("rolldown"));
  });

  test("esbuild, with the names that it is told", async () => {
    await esbuild({
      entryPoints: [at("main.js")],
      bundle: true,
      format: "esm",
      outdir: at("esbuild"),
      assetNames: "assets/[name]-[hash]",
      publicPath: "/static",
      plugins: [(await pluginFor("esbuild"))(options())],
    });
    expect(await expectAsset(at("esbuild"))).toMatch(/^assets\/model-\w{8}\.onnx$/);
    expect(readFileSync(at("esbuild/main.js"), "utf8")).toContain("/static/assets/model-");
  });

  test("webpack, with the names that it is told", async () => {
    const plugins = [(await pluginFor("webpack"))(options())];
    await compiled((done) => webpack({ ...COMPILED, ...placesOf("webpack"), plugins }, done));
    expect(await expectAsset(at("webpack"))).toMatch(/^models\/model\.\w+\.onnx$/);
  });

  test("Rspack, with the names that it is told", async () => {
    const plugins = [(await pluginFor("rspack"))(options())];
    await compiled((done) => rspack({ ...COMPILED, ...placesOf("rspack"), plugins }, done));
    expect(await expectAsset(at("rspack"))).toMatch(/^models\/model\.\w+\.onnx$/);
  });

  test("webpack's kind, which hand over bytes", async () => {
    const loader: { readonly raw: typeof raw } = await import(new URL("loader.js", PLUGIN).href);
    expect(loader.raw).toBe(true);
  });

  test("all of them, which optimize the model once", () => {
    expect(resultsIn(at("cache"))).toHaveLength(1);
  });
});

test("the development server of Vite serves the optimized model, and the new one when the file changes", async () => {
  const vite = await pluginFor("vite");
  copyFileSync(at("model.onnx"), at("live.onnx"));
  const server = await createServer({
    root,
    base: "/app/",
    logLevel: "error",
    configFile: false,
    plugins: [vite(options())],
    server: { port: 0, host: "127.0.0.1" },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    await server.listen();
    const { origin } = new URL(server.resolvedUrls?.local[0] ?? "");
    const address = async (): Promise<string> => {
      const { code = "" } = (await server.transformRequest("/live.onnx?url")) ?? {};
      return /"(.*)"/.exec(code)?.[1] ?? "";
    };
    const operators = async (path: string): Promise<string[]> => {
      const bytes = await (await fetch(`${origin}${path}`)).arrayBuffer();
      return [...(await loadModel(bytes)).nodes()].map(({ opType }) => opType);
    };
    const first = await address();
    expect(first).toMatch(/^\/app\/@normfold\/\w{8}\/live\.onnx$/);
    expect(await operators(first)).toEqual(["MatMul"]);
    await saveModel(
      parse(`<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { y = Relu (x) }`),
      at("live.onnx"),
    );
    for (const end = Date.now() + 30_000; (await address()) === first && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await operators(await address())).toEqual(["Relu"]);
  } finally {
    await server.close();
  }
});

describe("the plugin", () => {
  /** What a build of Rollup gives, or why it does not. */
  async function built(source: string, given: object, ...others: Plugin[]): Promise<string> {
    const file = at(
      `entry-${Math.abs([...source].reduce((sum, char) => Math.imul(sum, 31) + char.charCodeAt(0), 7))}.js`,
    );
    writeFileSync(file, source);
    const plugins = [(await pluginFor("rollup"))({ ...options(), ...given }), ...others];
    const bundle = await rollup({ input: file, plugins, onLog: () => {} });
    const { output } = await bundle.generate({ format: "es" });
    return output.map((each) => (each.type === "chunk" ? each.code : each.fileName)).join("\n");
  }
  const theirs = {
    name: "theirs",
    load: (id: string) => (/\.onnx/.test(id) ? "export default 'theirs'" : null),
  };
  const raw = { resolveId: (id: string) => (id.includes("?raw") ? at(id) : null) };

  test("leaves other queries and excluded models to others", async () => {
    expect(
      await built('import a from "./model.onnx?raw"; console.log(a);', {}, { name: "raw", ...raw }, theirs),
    ).toContain("'theirs'");
    const exclude = (file: string): boolean => file.endsWith("model.onnx");
    expect(await built('import b from "./model.onnx"; console.log(b);', { exclude }, theirs)).toContain(
      "'theirs'",
    );
  });

  test("stops a build whose model cannot be read or proven, and says what to do", async () => {
    writeFileSync(at("broken.onnx"), "no model");
    await expect(built('import c from "./broken.onnx"; console.log(c);', {})).rejects.toThrow(/broken\.onnx/);
    const custom = `<ir_version: 8, opset_import: ["" : 17, "own" : 1]> g (float[2] x) => (float[2] y) { a = Identity (x) b = own.Magic (a) y = Identity (b) }`;
    await saveModel(parse(custom), at("custom.onnx"));
    const source = 'import d from "./custom.onnx"; console.log(d);';
    await expect(built(source, {})).rejects.toThrow(/is not checked: .*"optimize: \{ check: false \}"/);
    expect(await built(source, { optimize: { check: false } })).toMatch(/assets\/custom-\w+\.onnx/);
  });

  test("keeps results by content and options", async () => {
    const cacheDir = at("own-cache");
    const source = 'import e from "./model.onnx"; console.log(e);';
    const made = async (given: object): Promise<number> => {
      await built(source, { cacheDir, ...given });
      return resultsIn(cacheDir).length;
    };
    expect(await made({})).toBe(1);
    expect(await made({})).toBe(1);
    expect(await made({ optimize: { skip: ["eliminate-identity"] } })).toBe(2);
  });
});

test("the example of its page builds", async () => {
  const page = readFileSync(new URL("../../docs/bundlers.md", import.meta.url), "utf8");
  const [, main = ""] = /```ts\n([^`]*)```/.exec(page) ?? [];
  const [, config = ""] = /```js\n([^`]*)```/.exec(page) ?? [];
  const file = new URL("vite.js", PLUGIN).href;
  writeFileSync(at("vite.config.js"), config.replace('"normfold/unplugin/vite"', JSON.stringify(file)));
  writeFileSync(at("example.js"), main);
  await viteBuild({
    root,
    logLevel: "error",
    build: { outDir: at("example"), minify: false, rollupOptions: { input: at("example.js") } },
  });
  await expectAsset(at("example"));
});
