import { describe, expect, it } from "vitest";
import { diffModels } from "../../src/diff/diff-models.js";
import { parseGraph } from "../../src/text/parse.js";

/** The nodes of a difference: [same, renamed, changed, removed, added], by name. */
function nodesOf(before: string, after: string) {
  const graph = (body: string) => parseGraph(`g (float[4] x, float[4] u) => (float[4] y) { ${body} }`);
  const { same, renamed, changed, removed, added } = diffModels(graph(before), graph(after)).nodes;
  const names = (list: readonly { readonly name: string }[]): string => list.map(({ name }) => name).join();
  return [same, renamed, names(changed), names(removed), names(added)];
}

const CHAIN = "[n1] a = Neg(x) [n2] b = Abs(a) [n3] c = Neg(b) [n4] y = Exp(c)";

describe("matchNodes", () => {
  it("trusts what a node computes more than its name", () => {
    // Exporters number names anew: n2 is Neg now, and the Abs is gone.
    const after = "[n1] a = Neg(x) [n2] b = Neg(a) [n3] y = Exp(b)";
    expect(nodesOf(CHAIN, after)).toEqual([2, 1, "n3", "n2", ""]);
    const all = "[n4] a = Neg(x) [n3] b = Abs(a) [n2] c = Neg(b) [n1] y = Exp(c)";
    expect(nodesOf(CHAIN, all)).toEqual([4, 4, "", "", ""]);
  });

  it("finds nodes that stand elsewhere", () => {
    const two = "[p] a = Neg(x) [q] b = Abs(u) [r] y = Add(a, b)";
    const turned = "[q] b = Abs(u) [p] a = Neg(x) [r] y = Add(a, b)";
    expect(nodesOf(two, turned)).toEqual([3, 0, "", "", ""]);
  });

  it("tells twins of one computation apart by their names", () => {
    const twice = "[p] a = Neg(x) [q] b = Neg(x) [r] y = Add(a, b)";
    expect(nodesOf(twice, "[q] b = Neg(x) [p] a = Neg(x) [r] y = Add(a, b)")).toEqual([3, 0, "", "", ""]);
    expect(nodesOf(twice, "[q] b = Neg(x) [r] y = Add(b, b)")).toEqual([1, 0, "r", "p", ""]);
  });

  it("takes linear time for many nodes that compute the same", () => {
    const wide = (name: string): string => {
      const names = Array.from({ length: 20_000 }, (_, i) => `${name}${i}`);
      return `${names.map((each) => `${each} = Neg(x)`).join(" ")} y = Sum(${names.join(", ")})`;
    };
    // By pairs it would be 400 million of them.
    expect(nodesOf(wide("a"), wide("b"))).toEqual([20_001, 20_000, "", "", ""]);
  });

  it("goes on behind a node that is new, by neighbours", () => {
    const after = "s = Sqrt(x) [m1] k = Neg(s) [m2] l = Abs(k) [m3] m = Neg(l) [m4] y = Exp(m)";
    expect(nodesOf(CHAIN, after)).toEqual([3, 3, "n1", "", "s"]);
  });

  it("pairs no two operators of one name in different domains", () => {
    const standard = parseGraph("g (float[4] x) => (float[4] y) { [n] y = Gelu(x) }");
    const other = parseGraph("g (float[4] x) => (float[4] y) { [n] y = com.microsoft.Gelu(x) }");
    expect(diffModels(standard, other).nodes).toMatchObject({
      removed: [{ operator: "Gelu" }],
      added: [{ operator: "com.microsoft::Gelu" }],
    });
  });
});
