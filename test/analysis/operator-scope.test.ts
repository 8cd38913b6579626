import { expect, it } from "vitest";
import { OperatorScope } from "../../src/analysis/operator-scope.js";
import { parseModel } from "../../src/text/parse.js";

const model = parseModel(
  `<ir_version: 8, opset_import: ["" : 17, "f" : 3]>
   g (bool p, float[1] x) => (float[1] y) {
     a = Mish (x)
     y = If (p) <then_branch = t () => (b) { b = f.F (a) }, else_branch = e () => (c) { c = Neg (a) }> }
   <domain: "f", opset_import: ["" : 9]> F (d) => (e) { e = Relu (d) }
   <opset_import: ["" : 17]> Mish (h) => (i) { i = Exp (h) }`,
);
const nodes = [...model.nodes()];
const named = (opType: string) => nodes.find((node) => node.opType === opType) ?? nodes[0];

it("a node is in the operator set of its graph; a function's body has its own", () => {
  const scope = new OperatorScope(model);
  const opsets = ["Mish", "Neg", "F", "Relu"].map((opType) => {
    const node = named(opType);
    return node && scope.opset(node);
  });
  expect(opsets).toEqual([17, 17, 3, 9]);
});

it("a function of the model comes before an operator of its name", () => {
  const scope = new OperatorScope(model);
  const calls = nodes.filter((node) => scope.isCall(node)).map(({ opType }) => opType);
  expect(calls).toEqual(["Mish", "F"]);
  model.functions = [];
  expect(nodes.filter((node) => scope.isCall(node))).toEqual([]);
});
