import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { refuse } from "../../src/base/refusal.js";
import type { Model } from "../../src/ir/model.js";
import { runRules } from "../../src/rewrite/driver.js";
import type { Rule } from "../../src/rewrite/pass.js";
import { OPEN_GATE, RewriteSession } from "../../src/rewrite/session.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { becomes, operatorsOf, passOf } from "./support.js";

function run(model: Model, ...rules: readonly Rule[]): RewriteSession {
  const session = new RewriteSession(OPEN_GATE);
  const settings = {
    growthLimit: 0,
    inlineFunctions: false,
    preserveNonfinite: false,
    target: "any" as const,
  };
  runRules(passOf("test", ...rules), rules, { model, facts: createFacts(model), settings }, session);
  return session;
}

const modelOf = (body: string): Model =>
  parseGraph(`g (float[2] x, bool c) => (float[2] y) { ${body} }`, { opset: 17 });

describe("runRules", () => {
  it("goes on with what a rewrite touched until no rule finds anything", () => {
    const model = modelOf("a = Neg (x) b = Abs (a) y = Neg (b)");
    const { rewrites } = run(model, becomes("Abs", "Relu"), becomes("Neg", "Abs"));
    expect(operatorsOf(model)).toBe("Relu Relu Relu");
    expect(rewrites).toHaveLength(5);
  });

  it("makes the first rewrite that a rule proposes, and asks a rule about its operators only", () => {
    const model = modelOf("a = Neg (x) y = Abs (a)");
    const asked: string[] = [];
    const listening: Rule = { operators: ["Abs"], match: ({ opType }) => void asked.push(opType) };
    run(model, listening, becomes("Neg", "Relu"), becomes("Neg", "Abs"));
    expect(operatorsOf(model)).toBe("Relu Abs");
    expect(new Set(asked)).toEqual(new Set(["Abs"]));
  });

  it("sees the nodes of bodies, and takes no call of a function for an operator", () => {
    const branches = modelOf(`y = If (c) <then_branch = t () => (float[2] p) { p = Neg (x) },
      else_branch = e () => (float[2] q) { q = Abs (x) }>`);
    run(branches, becomes("Neg", "Relu"));
    expect(operatorsOf(branches)).toBe("If Relu Abs");
    const call = parseModel(`<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
      g (float[2] x) => (float[2] y) { y = local.Neg (x) }
      <domain: "local", opset_import: ["" : 17]> Neg (a) => (b) { b = Abs (a) }`);
    expect(run(call, becomes("Neg", "Relu")).rewrites).toEqual([]);
  });

  it("notes refusals, and a rule that throws as one", () => {
    const model = modelOf("a = Neg (x) y = Abs (a)");
    const session = run(
      model,
      { operators: ["Neg"], match: () => refuse("not today", "not-today") },
      {
        operators: ["Abs"],
        match: () => {
          throw new RangeError("out of here");
        },
      },
    );
    expect(session.standingRefusals()).toEqual([
      { pass: "test", node: 'Neg "a"', opType: "Neg", id: "not-today", reason: "not today" },
      expect.objectContaining({ id: "rule-failed", reason: expect.stringContaining("out of here") }),
    ]);
  });

  it("stops rules that undo each other", () => {
    expect(() => run(modelOf("y = Neg (x)"), becomes("Neg", "Abs"), becomes("Abs", "Neg"))).toThrow(
      expect.objectContaining({ id: "pass-does-not-converge" }),
    );
  });
});
