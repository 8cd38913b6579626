import { describe, expect, it } from "vitest";
import type { SpecialValue } from "../../src/base/special-values.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import type { Pass, Proposal, Rule } from "../../src/rewrite/pass.js";
import { mayChange, whyLeftOut } from "../../src/rewrite/special-values.js";
import { parseGraph } from "../../src/text/parse.js";
import { becomes, operatorsOf, passOf } from "./support.js";

const PASS: Pass = { ...passOf("test"), specials: { mayChange: ["negative-zero"], because: "a test" } };
const PROPOSAL: Proposal = { kind: "rewrite", summary: "", apply: () => {} };
const settings = { growthLimit: 0, inlineFunctions: false, preserveNonfinite: true, target: "any" as const };

describe("the special values that a rewrite may change", () => {
  it("are its own, or those of its pass, or all", () => {
    expect(mayChange(PASS, { ...PROPOSAL, mayChange: [] })).toEqual([]);
    expect(mayChange(PASS, PROPOSAL)).toEqual(["negative-zero"]);
    expect(mayChange(passOf("silent"), PROPOSAL)).toContain("nan");
  });

  it("leave it out where they are to be preserved", () => {
    expect(whyLeftOut(PASS, PROPOSAL, settings)).toMatchObject({ id: "rewrite-may-change-special-values" });
    expect(whyLeftOut(PASS, PROPOSAL, { ...settings, preserveNonfinite: false })).toBeUndefined();
    expect(whyLeftOut(PASS, { ...PROPOSAL, mayChange: ["overflow"] }, settings)).toBeUndefined();
  });
});

/** Makes Relu of Abs, by a rewrite that says it may change these. */
function changing(kinds: readonly SpecialValue[] | undefined): Rule {
  const rule = becomes("Abs", "Relu");
  return {
    ...rule,
    match: (node, view) => {
      const found = rule.match(node, view);
      return found?.kind === "rewrite" && kinds !== undefined ? { ...found, mayChange: kinds } : found;
    },
  };
}

describe("--preserve-nonfinite", () => {
  const model = parseGraph("g (float[2] x) => (float[2] y) { a = Abs (x) y = Neg (a) }", { opset: 17 });
  const run = (...rules: Rule[]): ReturnType<typeof rewriteModel> =>
    rewriteModel(model, { passes: [{ ...PASS, kind: "rules", rules }], preserveNonfinite: true });

  it("leaves out rewrites and says so, and tries the next rule", async () => {
    const left = await run(changing(undefined));
    expect(operatorsOf(left.model)).toBe("Abs Neg");
    expect(left.refusals.map(({ id, node }) => [id, node])).toEqual([
      ["rewrite-may-change-special-values", 'Abs "a"'],
    ]);
    const made = await run(changing(["nan"]), changing(["overflow"]));
    expect(operatorsOf(made.model)).toBe("Relu Neg");
    expect(made.rewrites.map((record) => record.mayChange)).toEqual([["overflow"]]);
  });

  it("leaves out those of a procedure too", async () => {
    const { match } = becomes("Abs", "Relu");
    const procedure: Pass = {
      ...PASS,
      kind: "procedure",
      run: ({ view, attempt }) => {
        for (const node of view.model.graph.nodes()) {
          const found = match(node, view);
          if (node.is("Abs") && found?.kind === "rewrite") expect(attempt(node, found)).toBe(false);
        }
      },
    };
    const { refusals } = await rewriteModel(model, { passes: [procedure], preserveNonfinite: true });
    expect(refusals.map(({ id }) => id)).toEqual(["rewrite-may-change-special-values"]);
  });
});
