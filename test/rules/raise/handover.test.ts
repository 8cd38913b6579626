import { describe, expect, it } from "vitest";
import { verify } from "../../../src/ir/verify.js";
import { handOver, retype } from "../../../src/rules/raise/handover.js";
import { parseGraph } from "../../../src/text/parse.js";
import { valueNamed } from "../../support/facts.js";
import { sketch } from "../../support/text.js";

describe("handOver", () => {
  it("moves every use, the declaration and the name", () => {
    const model = parseGraph(
      `g (bool p, float[2] x) => (float[2] y, float[2] z) {
         y = Exp (x) b = Neg (x)
         z = If (p) <then_branch = t () => (c) { c = Abs (y) }, else_branch = e () => (d) { d = Sqrt (y) }> }`,
      { opset: 17 },
    );
    const [y, b] = [valueNamed(model, "y"), valueNamed(model, "b")];
    y.addUse({ kind: "pin", reason: "a caller keeps it" });
    const { info } = y;
    handOver(y, b);
    expect([b.name, b.info, b.isPinned, y.uses.size, y.info]).toEqual(["y", info, true, 0, undefined]);
    expect(sketch(model)).toEqual([
      "y_before = Exp(x)",
      "y = Neg(x)",
      "z = If(p)",
      "  c = Abs(y)",
      "  d = Sqrt(y)",
    ]);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["y", "z"]);
    expect(verify(model)).toEqual([]);
  });
});

describe("retype", () => {
  it("puts another operator in the node's place, attributes and names kept", () => {
    const model = parseGraph(
      'g (float[2] x) => (float[2] y) { ["n"] a = Elu <alpha = 0.5> (x) y = Neg (a) }',
      {
        opset: 17,
      },
    );
    const node = model.graph.first;
    if (node === undefined) throw new Error("a node");
    const twin = retype(node, "Celu");
    expect([twin.name, twin.float("alpha"), node.graph]).toEqual(["n", 0.5, undefined]);
    expect(sketch(model)).toEqual(["a = Celu(x)", "y = Neg(a)"]);
    expect(verify(model)).toEqual([]);
  });
});
