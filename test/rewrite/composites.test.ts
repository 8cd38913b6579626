import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { Composites } from "../../src/rewrite/composites.js";
import { lackingOpset } from "../../src/rewrite/fuse-compound.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { modelOf } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const TEXT = graphText(
  "float[N,8] x",
  ["float r = {1.4142135}, float one = {1}, float half = {0.5}"],
  "d = Div (x, r) e = Erf (d) p = Add (e, one) m = Mul (x, p) y = Mul (m, half)",
);

describe("a composite", () => {
  it("is one node of the operator, and is written out as it was, byte for byte", () => {
    const model = modelOf(TEXT);
    const before = encodeToBytes(model);
    const facts = createFacts(model);
    const composites = new Composites();
    const found = [...model.nodes()].flatMap((node) => lackingOpset(node, facts) ?? []);
    expect(found).toHaveLength(1);
    for (const { compound, refusal } of found) {
      expect(composites.collapse(compound, refusal, new Rewriter(facts))).toBe(true);
    }
    const [node, ...others] = [...model.nodes()];
    expect(others).toEqual([]);
    expect(node?.opType).toBe("Gelu");
    expect(node?.inputs.map((value) => value?.name)).toEqual(["x", "r", "one", "half"]);
    expect(composites.size).toBe(1);
    const refused = composites.expand(model, facts);
    expect(refused.map(([end, { id }]) => [end.opType, id])).toEqual([["Mul", "opset-lacks-operator"]]);
    expect(composites.size).toBe(0);
    expect(Buffer.compare(encodeToBytes(model), before)).toBe(0);
  });

  it("is not made of an expression that reads a computed value beside its inputs", () => {
    const model = modelOf(TEXT);
    const facts = createFacts(model);
    const [found] = [...model.nodes()].flatMap((node) => lackingOpset(node, facts) ?? []);
    if (found === undefined) expect.unreachable("the expression is a Gelu");
    const other = { ...found.compound, inputs: [] };
    expect(new Composites().collapse(other, found.refusal, new Rewriter(facts))).toBe(false);
    expect(model.graph.nodeCount).toBe(5);
  });
});
