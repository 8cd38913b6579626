import { expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { check, type FeedSet, loadData, modelToBytes, optimize, saveModel } from "../../src/index.js";
import { parseModel } from "../../src/text/parse.js";

const MODEL = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N,3] x) => (float[N,3] y) { h = Relu(x)  y = Exp(h) }`;
const model = parseModel(MODEL);

async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof NormfoldError) return `${error.code} ${error.id}: ${error.describe()}`;
    throw error;
  }
  return "no error";
}

function data(dims: readonly number[]): FeedSet {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const x = { dtype: "float", dims, data: new Uint8Array(4 * size) } as const;
  return { name: "samples", feeds: new Map([["x", x]]), expected: undefined };
}

it.each<readonly [name: string, call: (model: never) => unknown]>([
  ["optimize", (wrong) => optimize(wrong)],
  ["check", (wrong) => check(model, wrong)],
  ["modelToBytes", (wrong) => modelToBytes(wrong)],
  ["saveModel", (wrong) => saveModel(wrong, "never.onnx")],
  ["loadData", (wrong) => loadData(wrong, "never.npz")],
])("%s wants a model, also of callers without types", async (_, call) => {
  for (const wrong of ["model.onnx", {}, undefined, Promise.resolve(model)]) {
    const said = await refusal((): unknown => Reflect.apply(call, undefined, [wrong]));
    expect(said).toMatch(
      /^usage argument-is-no-model: .* is no model; (loadModel and parse give one|await it first)$/,
    );
    expect(said.includes("await")).toBe(wrong instanceof Promise);
  }
});

it("says which sizes of generated inputs cannot be", async () => {
  const shaped = (x: readonly number[]): Promise<string> =>
    refusal(() => optimize(model, { inputShapes: { x } }));
  expect(await shaped([-1, 3])).toBe(
    'usage input-cannot-have-size: input "x" cannot have size -1; give whole numbers from 0 on',
  );
  expect(await shaped([1.5, 3])).toMatch(/cannot have size 1.5/);
  expect(await shaped([2, 4])).toBe(
    'usage size-contradicts-model: input "x" has size 3 in dimension 1 and 4 is given; leave it as it is',
  );
  expect(await shaped([2, 3])).toBe("no error");
});

it("says which data does not fit the model, instead of leaving it unchecked", async () => {
  const fed = (sets: readonly FeedSet[]): Promise<string> =>
    refusal(() => check(model, model, { data: sets }));
  expect(await fed([])).toBe("usage data-is-empty: data is empty; give a set of inputs, or leave it out");
  expect(await fed([data([2, 3]), data([2, 4])])).toBe(
    'invalid data-contradicts-model: input "x" has size 3 in dimension 1 and 4 in samples; give other data',
  );
  expect(await fed([data([2, 3])])).toBe("no error");
});

it("takes no threshold that no tensor could be measured by", async () => {
  for (const threshold of [-1, Number.NaN]) {
    const said = await refusal(() => saveModel(model, "never.onnx", { externalData: { threshold } }));
    expect(said).toMatch(
      /^usage threshold-is-negative: the threshold is (-1|NaN); give a number of bytes from 0 on$/,
    );
  }
});
