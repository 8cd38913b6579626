import { expect, it } from "vitest";
import { assertConfig } from "../../src/config/validate-config.js";

it.each([
  {},
  { inputs: "models", outDir: "out", name: "{name}.onnx", jobs: 2, cache: ".cache", cacheLimit: 1e9 },
  { inputs: ["a.onnx", "b/**"], preset: "web", options: { seed: 3, skip: ["fuse-pad"], check: false } },
  { plugins: ["./p.ts", { passes: [] }], overrides: [{ files: "bert*.onnx", options: { opset: 17 } }] },
  { overrides: [{ files: ["a/**", "b/**"], preset: "edge" }], outDir: undefined },
])("accepts %j", (config) => {
  expect(() => assertConfig(config)).not.toThrow();
});

it.each([
  [{ outdir: "out" }, 'there is no outdir; did you mean "outDir"?'],
  [{ options: { sead: 1 } }, 'there is no options.sead; did you mean "seed"?'],
  [
    { overrides: [{ files: "*", options: { opsset: 1 } }] },
    /^there is no overrides\[0\]\.options\.opsset; did/,
  ],
  [
    { overrides: [{ files: "*" }, { files: "*", options: { seed: "1" } }] },
    /^overrides\[1\]\.options\.seed is "1"; give a/,
  ],
  [{ overrides: [{ options: {} }] }, /^overrides\[0\]\.files is missing; give a path/],
  [{ overrides: { files: "*" } }, /^overrides is \{"files":"\*"\}; give a list/],
  [{ overrides: ["*"] }, /^overrides\[0\] is "\*"; give an object/],
  [{ options: { inPlace: true } }, /^there is no options\.inPlace; /],
  [{ options: { target: "onnxruntim" } }, /^options\.target is "onnxruntim"; give one of onnxruntime, any/],
  [{ options: { seed: 1.5 } }, /^options\.seed is 1\.5; give a whole number from 0/],
  [{ preset: "cloud" }, /^preset is "cloud"; give one of edge, web, server, quantization-ready/],
  [{ inputs: [] }, /^inputs is \[\]; give a path or pattern/],
  [{ inputs: ["a", 1] }, /^inputs is /],
  [{ jobs: 0 }, /^jobs is 0; give a whole number from 1 to 256/],
  [{ plugins: [1] }, /^plugins\[0\] is 1; give the path of a module/],
  [{ qqqqqq: 1 }, /^there is no qqqqqq; known are inputs, outDir, name, /],
  [null, /default export/],
  ["models", /default export/],
])("refuses %j with the key", (config, message) => {
  expect(() => assertConfig(config)).toThrow(
    expect.objectContaining({
      code: "usage",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    }),
  );
});
