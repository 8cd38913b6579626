// Packs the built package and installs it in each form in which users do, into a folder of its own: as it is, without optional
// packages, and without install scripts. In each the command and both ways of loading the library must work, or say what is missing.
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "normfold-package-"));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const failures = [];

/**
 * Forms of an install. `proxy` sends the download of onnxruntime-node's install script to a port where nobody answers, as on a closed
 * network; `runtime`: whether onnxruntime-node is there afterwards (undefined: it hangs on the network).
 */
const FORMS = [
  {
    name: "as it is, the download refused",
    flags: [],
    env: { GLOBAL_AGENT_HTTPS_PROXY: "http://127.0.0.1:9" },
    runtime: false,
  },
  { name: "without optional packages", flags: ["--omit=optional"], runtime: false },
  { name: "without install scripts", flags: ["--ignore-scripts"], runtime: true },
];

const UNREACHABLE = /ENOTCACHED|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH/;

function expect(isSo, form, what, details = "") {
  console.log(`${isSo ? "ok  " : "FAIL"} ${form}: ${what}`);
  if (!isSo) failures.push(`${form}: ${what}\n${details}`);
}

function run(command, args, cwd, env = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
    shell: process.platform === "win32",
  });
  return { status, text: `${stdout}${stderr}` };
}

const USES_ESM = `
import { optimize, loadModel, saveModel } from "normfold";
import { freeze } from "normfold/train";
import { defineConfig } from "normfold/config";
if (defineConfig({ preset: "web" }).preset !== "web") throw new Error("no defineConfig");
const { model } = await optimize(await loadModel("model.onnx"), { check: false });
await saveModel(model, "esm.onnx");
if (typeof freeze !== "function") throw new Error("no freeze");
`;
const USES_CJS = `
const { optimize, loadModel, saveModel } = require("normfold");
const { freeze } = require("normfold/train");
if (require("normfold/config").PRESETS.web === undefined) throw new Error("no presets");
if (typeof freeze !== "function") throw new Error("no freeze");
loadModel("model.onnx").then((model) => optimize(model, { check: false })).then(({ model }) => saveModel(model, "cjs.onnx"));
`;
const USES_TYPES = `
import { loadModel, type Model } from "normfold";
import { freeze } from "normfold/train";
import { defineConfig, type NormfoldConfig } from "normfold/config";
export const config: NormfoldConfig = defineConfig({ preset: "web", options: { seed: 1 } });
export const loaded: Promise<Model> = loadModel("model.onnx");
export const frozen: typeof freeze = freeze;
`;
const USES_CLIENT = `
/// <reference types="normfold/client" />
import address from "./model.onnx";
import normfold, { type NormfoldPluginOptions } from "normfold/unplugin";
export const text: string = address;
export const options: NormfoldPluginOptions = { optimize: { skip: ["fuse-gemm"] } };
export const plugin = normfold.vite(options);
`;
const BUNDLES = `
import { createRequire } from "node:module";
import normfold from "normfold/unplugin/esbuild";
const { build } = createRequire(import.meta.url)(process.argv[2]);
const plugins = [normfold({ optimize: { check: false } })];
await build({ entryPoints: ["imports.js"], bundle: true, outdir: "bundle", plugins, logLevel: "silent" });
`;
const USES_CONFIG = `
import { defineConfig } from "normfold/config";
export default defineConfig({ inputs: "many/*.onnx", outDir: "out", options: { check: false } });
`;
const OBJECT = `
import onnxProto from "onnx-proto";
import { readFileSync } from "node:fs";
import { loadModel } from "normfold";
const { graph } = await loadModel(onnxProto.onnx.ModelProto.decode(readFileSync("model.onnx")));
if (graph.nodeCount === 0) throw new Error("no nodes");
`;

function check({ name, flags, env, runtime }, tarball) {
  const cwd = join(scratch, name.replaceAll(/\W+/g, "-"));
  mkdirSync(cwd);
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ name: "user", version: "1.0.0", private: true }));
  copyFileSync(join(root, "models/onnx/light_resnet50.onnx"), join(cwd, "model.onnx"));
  const common = ["install", tarball, "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  const installed = run(npm, [...common, ...flags], cwd, { npm_config_ignore_scripts: "false", ...env });
  if (installed.status !== 0 && UNREACHABLE.test(installed.text)) {
    console.log(`skipped ${name}: npm's registry cannot be reached, and its cache has not all packages`);
    return;
  }
  expect(installed.status === 0, name, "installs", installed.text);
  if (installed.status !== 0) return;
  const hasRuntime = existsSync(join(cwd, "node_modules/onnxruntime-node"));
  expect(hasRuntime === runtime, name, runtime ? "has onnxruntime-node" : "goes without onnxruntime-node");

  for (const [file, text, made] of [
    ["use.mjs", USES_ESM, "esm.onnx"],
    ["use.cjs", USES_CJS, "cjs.onnx"],
  ]) {
    writeFileSync(join(cwd, file), text);
    const { status, text: said } = run(process.execPath, [file], cwd);
    expect(
      status === 0 && said === "" && existsSync(join(cwd, made)),
      name,
      `${file} optimizes and says nothing`,
      said,
    );
  }

  mkdirSync(join(cwd, "many"));
  copyFileSync(join(cwd, "model.onnx"), join(cwd, "many/model.onnx"));
  writeFileSync(join(cwd, "many.mjs"), USES_CONFIG);
  const many = [
    join(cwd, "node_modules/normfold/dist/cli/main.js"),
    "optimize",
    "--config",
    "many.mjs",
    "-q",
  ];
  const configured = run(process.execPath, many, cwd);
  expect(
    configured.status === 0 && configured.text === "" && existsSync(join(cwd, "out/model.onnx")),
    name,
    "the command takes a configuration and many models",
    configured.text,
  );

  const bin = [join(cwd, "node_modules/normfold/dist/cli/main.js"), "optimize", "model.onnx", "-q", "-o"];
  const unchecked = run(process.execPath, [...bin, "unchecked.onnx", "--no-check"], cwd);
  expect(unchecked.status === 0, name, "the command rewrites without the check", unchecked.text);
  const checked = run(process.execPath, [...bin, "checked.onnx"], cwd);
  const isRight = hasRuntime
    ? checked.status === 0 && checked.text === ""
    : checked.status === 4 && /onnxruntime-node is not installed.*npm install/.test(checked.text);
  expect(
    isRight,
    name,
    hasRuntime ? "the command checks" : "the check says what is missing (exit 4)",
    checked.text,
  );

  if (existsSync(join(cwd, "node_modules/onnx-proto"))) {
    writeFileSync(join(cwd, "object.mjs"), OBJECT);
    const { status, text } = run(process.execPath, ["object.mjs"], cwd);
    expect(status === 0, name, "objects of onnx-proto are read", text);
  }

  // The plugin takes unplugin and the bundler from whoever builds, who has them beside normfold.
  for (const peer of ["unplugin", "webpack-virtual-modules", "picomatch", "@jridgewell", "@rolldown"]) {
    const place = join(cwd, "node_modules", peer);
    if (!existsSync(place)) symlinkSync(join(root, "node_modules", peer), place, "junction");
  }
  writeFileSync(join(cwd, "imports.js"), 'import address from "./model.onnx"; console.log(address);');
  writeFileSync(join(cwd, "bundle.mjs"), BUNDLES);
  const bundled = run(process.execPath, ["bundle.mjs", join(root, "node_modules/esbuild")], cwd);
  const assets = existsSync(join(cwd, "bundle")) ? readdirSync(join(cwd, "bundle")) : [];
  expect(
    bundled.status === 0 && assets.some((asset) => /^model-\w+\.onnx$/.test(asset)),
    name,
    "the plugin makes an optimized asset in a build of esbuild",
    bundled.text,
  );

  for (const file of ["types.mts", "types.cts"]) {
    writeFileSync(join(cwd, file), USES_TYPES);
    const options = [
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--skipLibCheck",
      "false",
    ];
    const compiler = [join(root, "node_modules/typescript/bin/tsc"), ...options, "--types", ""];
    const { status, text } = run(process.execPath, [...compiler, file], cwd);
    expect(status === 0, name, `${file} compiles, libraries checked`, text);
  }
  // The types of unplugin name all bundlers, of which nobody has each.
  writeFileSync(join(cwd, "client.mts"), USES_CLIENT);
  const lenient = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--skipLibCheck",
    "--types",
    "",
  ];
  const client = run(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), ...lenient, "client.mts"],
    cwd,
  );
  expect(client.status === 0, name, "imports of models and the plugin have types", client.text);
}

try {
  const packed = execFileSync(npm, ["pack", "--silent", "--ignore-scripts", "--pack-destination", scratch], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const tarball = join(scratch, packed.trim().split("\n").at(-1));
  for (const form of FORMS) check(form, tarball);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (failures.length > 0) console.error(`\n${failures.join("\n")}`);
process.exitCode = failures.length === 0 ? 0 : 1;
