import { describe, expect, it } from "vitest";
import type { Adaptation } from "../../src/staging/adaptation.js";
import { irVersion, loweredOpset, raisedOpset } from "../../src/staging/versions.js";
import { parseModel } from "../../src/text/parse.js";

const header = (ir: number, opset: number): string => `<ir_version: ${ir}, opset_import: ["" : ${opset}]>`;
const body = (line: string): string => `g (float[1,2,4,4] x) => (float y) { y = ${line} }`;
const graph = body("Relu(x)");

/** The opset after the change; undefined where it is not needed. */
function opsetAfter(change: Adaptation, text: string): number | undefined {
  const model = parseModel(text);
  if (!change.isNeeded(model)) return undefined;
  change.apply(model);
  return model.opset();
}

describe("the IR version", () => {
  it("is lowered from 14 on, and only from there", () => {
    expect(irVersion.isNeeded(parseModel(`${header(13, 17)} ${graph}`))).toBe(false);
    const model = parseModel(`${header(14, 17)} ${graph}`);
    irVersion.apply(model);
    expect(model.irVersion).toBe(13);
  });
});

describe("raising", () => {
  it("is for operators that changed up to opset 7", () => {
    expect(opsetAfter(raisedOpset, `${header(3, 6)} ${body("AveragePool<kernel_shape = [2,2]>(x)")}`)).toBe(
      7,
    );
    expect(opsetAfter(raisedOpset, `${header(3, 6)} ${graph}`)).toBeUndefined();
    expect(opsetAfter(raisedOpset, `${header(3, 5)} ${graph}`)).toBe(7);
    expect(
      opsetAfter(raisedOpset, `${header(3, 7)} ${body("AveragePool<kernel_shape = [2,2]>(x)")}`),
    ).toBeUndefined();
  });

  it("leaves a model with a node that cannot be raised", () => {
    const text = `${header(3, 5)} g (float[2] x, float[1] t, float[1] a) => (float y) { y = Tile(x, t, a) }`;
    expect(opsetAfter(raisedOpset, text)).toBe(5);
  });
});

describe("lowering", () => {
  it("is for opsets and kernels that the runtime lacks", () => {
    expect(opsetAfter(loweredOpset, `${header(10, 28)} ${graph}`)).toBe(26);
    expect(opsetAfter(loweredOpset, `${header(10, 26)} ${graph}`)).toBeUndefined();
    expect(opsetAfter(loweredOpset, `${header(10, 22)} ${body("GlobalLpPool(x)")}`)).toBe(21);
    expect(opsetAfter(loweredOpset, `${header(10, 21)} ${body("GlobalLpPool(x)")}`)).toBeUndefined();
  });

  it("leaves operators that came later, and those that nobody knows", () => {
    expect(
      opsetAfter(
        loweredOpset,
        `${header(10, 24)} g (float[1,2,4,4] x) => (float y) { t = Swish(x) y = GlobalLpPool(t) }`,
      ),
    ).toBeUndefined();
    expect(opsetAfter(loweredOpset, `${header(10, 28)} ${body("SwiGLU(x)")}`)).toBeUndefined();
  });

  it("lowers functions with the model", () => {
    const model = parseModel(`<ir_version: 10, opset_import: ["" : 28, "d" : 1]> ${body("d.f(x)")}
      <domain: "d", opset_import: ["" : 28]> f (x) => (y) { y = Relu(x) }`);
    loweredOpset.apply(model);
    expect(model.functions.map((fn) => fn.opsetImports)).toEqual([[{ domain: "", version: 26 }]]);
  });
});
