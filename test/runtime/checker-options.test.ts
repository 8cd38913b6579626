import { expect, it } from "vitest";
import { encodeToBytes } from "../../src/proto/encode.js";
import { createChecker } from "../../src/runtime/check.js";
import { optionsFor, ready } from "../../src/runtime/checker-options.js";
import { errors } from "../../src/runtime/errors.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { probesOf } from "../../src/runtime/probes.js";
import type { RuntimeModel } from "../../src/runtime/runtime.js";
import { modelOf } from "../support/runtime.js";

it("the options of a check describe its original: inputs, probes, noise", async () => {
  const model = modelOf(`g (float[N,3] x) => (float[N,2] y) <float[3,2] W = {1, 2, 3, 4, 5, 6}> {
    z = Gemm (x, W)  y = Softmax (z) }`);
  const bytes = (of: typeof model): RuntimeModel => ({ kind: "bytes", bytes: encodeToBytes(of) });
  const staged: (typeof model)[] = [];
  const options = optionsFor(model, {
    runtime: await defaultRuntime(),
    seed: 3,
    probes: probesOf(model),
    stage: (of) => {
      staged.push(of);
      return Promise.resolve(ready(bytes(of)));
    },
  });
  expect(options.inputs).toMatchObject([{ name: "x", dtype: "float", shape: ["N", 3] }]);
  expect(options).toMatchObject({ precision: "float", optional: ["z"], seed: 3 });
  expect([...(options.flattened ?? [])]).toEqual([["y", { probe: "z", slope: 0.5 }]]);
  await options.noisy?.(0);
  expect(staged.map(({ graph }) => graph.outputs.map(({ name }) => name))).toEqual([["y", "z"]]);

  const checker = await createChecker(bytes(model), options);
  try {
    expect((await checker.compare(bytes(model), "exact")).status).toBe("equal");
  } finally {
    await checker.close();
  }
});

it("a model that does not load and contradicts itself is said to do both", async () => {
  const model = modelOf(`g (float[3,2] x) => (bool[3,2] y) <bool[0] empty = {}, bool[2] b> {
    b = Cast <to = 9> (x)  y = Concat <axis = 0> (empty, b) }`);
  const bytes: RuntimeModel = { kind: "bytes", bytes: encodeToBytes(model) };
  const options = optionsFor(model, {
    runtime: await defaultRuntime(),
    seed: 0,
    probes: [],
    stage: () => Promise.resolve(ready(bytes)),
  });
  const refusing = {
    ...options.runtime,
    open: () => Promise.reject(errors.runtimeCrashes("onnxruntime cannot load the model", "SIGABRT", "")),
  };
  const checker = await createChecker(bytes, { ...options, runtime: refusing });
  expect(checker.unchecked).toMatch(
    /SIGABRT.*the model contradicts itself: "b": declared with rank 1, has rank 2/,
  );
});
