import { expect, it } from "vitest";
import { summarize } from "../../src/library/summary.js";
import { parseModel } from "../../src/text/parse.js";

it("counts all graphs: nodes, constants apart, operators by name and their parameters", () => {
  const model = parseModel(
    `<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
     g (bool p, float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
       c = Constant <value = float[3] {1, 2, 3}> () a = Add (x, w)
       y = If (p) <then_branch = t () => (u) <int64[1] k = {1}> { u = f.F (a) }, else_branch = e () => (v) { v = Add (a, a) }> }
     <domain: "f", opset_import: ["" : 17]> F (d) => (h) { h = Relu (d) }`,
  );
  expect(summarize(model)).toEqual({
    irVersion: 8,
    nodes: 5,
    constants: 1,
    batchNormalizations: 0,
    operators: { Add: 2, Constant: 1, If: 1, Relu: 1, "f::F": 1 },
    initializers: 2,
    parameters: 6,
    parameterBytes: 8 + 12 + 8,
  });
});
