import { describe, expect, it } from "vitest";
import { createModel, opsetOf } from "../../src/ir/model.js";
import { parseModel } from "../../src/text/parse.js";

describe("createModel", () => {
  it("is empty, with the IR version that its opset needs", () => {
    expect([createModel(17).irVersion, createModel(21).irVersion]).toEqual([8, 10]);
    expect([...createModel(17).nodes()]).toEqual([]);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses opset %s", (opset) => {
    expect(() => createModel(opset)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("Model", () => {
  const model = parseModel(
    `<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
     g (bool p, float[1] x) => (float[1] y) {
       y = If (p) <then_branch = t () => (a) { a = f.F (x) }, else_branch = e () => (b) { b = Neg (x) }> }
     <domain: "f", opset_import: ["" : 18]> F (c) => (d) { d = Relu (c) }`,
  );

  it("walks its graph, the bodies in it and the functions", () => {
    expect([...model.nodes()].map(({ opType }) => opType)).toEqual(["If", "F", "Neg", "Relu"]);
    expect([...model.graphs()].length).toBe(4);
  });

  it("knows its opsets by domain; the standard domain has two names", () => {
    expect([model.opset(), model.opset("ai.onnx"), model.opset("f"), model.opset("other")]).toEqual([
      17,
      17,
      1,
      undefined,
    ]);
    expect(opsetOf([{ domain: "ai.onnx", version: 9 }], "")).toBe(9);
  });
});
