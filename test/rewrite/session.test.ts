import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { refuse } from "../../src/base/refusal.js";
import { SPECIAL_VALUES } from "../../src/base/special-values.js";
import type { Model } from "../../src/ir/model.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import type { Proposal } from "../../src/rewrite/pass.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import {
  ApplyFailure,
  type Gate,
  OPEN_GATE,
  passFault,
  RewriteSession,
  rewriteIdentity,
} from "../../src/rewrite/session.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf } from "../support/facts.js";
import { passOf } from "./support.js";

const PASS = passOf("test");
const modelOf = (): Model =>
  parseGraph("g (float[2] x) => (float[2] y) { y = Neg (x) z = Abs (x) }", { opset: 17 });

/** Removes the Abs, which nothing reads. */
const removal = (model: Model): Proposal => ({
  kind: "rewrite",
  summary: "Abs goes",
  apply: (rewriter) => rewriter.removeNode(nodeOf(model, "z")),
});

function make(gate: Gate): {
  readonly made: boolean;
  readonly session: RewriteSession;
  readonly left: number;
} {
  const model = modelOf();
  const session = new RewriteSession(gate);
  const made = session.make(PASS, "z", removal(model), new Rewriter(createFacts(model)));
  return { made, session, left: session.nodesOf(model).length };
}

describe("RewriteSession", () => {
  it("makes a rewrite and logs it", () => {
    const { made, session, left } = make(OPEN_GATE);
    expect([made, left]).toEqual([true, 1]);
    expect(session.rewrites).toEqual([
      {
        pass: "test",
        key: "z",
        summary: "Abs goes",
        numerics: "exact",
        mayChange: SPECIAL_VALUES,
        nodes: -1,
      },
    ]);
  });

  it("makes none that the gate denies, or beyond its limit", () => {
    const denied = { ...OPEN_GATE, denied: new Set([rewriteIdentity({ pass: "test", key: "z" })]) };
    const other = { ...OPEN_GATE, denied: new Set([rewriteIdentity({ pass: "other", key: "z" })]) };
    expect([make(denied), make({ ...OPEN_GATE, limit: 0 }), make(other)].map(({ made }) => made)).toEqual([
      false,
      false,
      true,
    ]);
    expect(make(denied).left).toBe(2);
  });

  it("names the rewrite that failed half-way", () => {
    const model = modelOf();
    const broken: Proposal = {
      ...removal(model),
      apply: () => {
        throw new TypeError("no such thing");
      },
    };
    const session = new RewriteSession(OPEN_GATE);
    const fails = (): boolean => session.make(PASS, "z", broken, new Rewriter(createFacts(model)));
    expect(fails).toThrow(ApplyFailure);
    expect(fails).toThrow(
      expect.objectContaining({ message: "no such thing", record: expect.objectContaining({ key: "z" }) }),
    );
    expect(session.rewrites).toEqual([]);
  });

  it("lists the nodes again after a rewrite only", () => {
    const model = modelOf();
    const session = new RewriteSession(OPEN_GATE);
    const before = session.nodesOf(model);
    expect(session.nodesOf(model)).toBe(before);
    session.make(PASS, "z", removal(model), new Rewriter(createFacts(model)));
    expect(session.nodesOf(model).map(({ key }) => key)).toEqual(["y"]);
  });

  it("keeps the last refusal of each pass for nodes that are still there", () => {
    const model = modelOf();
    const session = new RewriteSession(OPEN_GATE);
    const [y, z] = [nodeOf(model, "y"), nodeOf(model, "z")];
    session.refused(PASS, y, refuse("first"));
    session.refused(PASS, y, refuse("second"));
    session.refused(passOf("other"), y, refuse("third"));
    session.refused(PASS, z, refuse("fourth"));
    session.make(PASS, "z", removal(model), new Rewriter(createFacts(model)));
    expect(session.standingRefusals().map(({ reason }) => reason)).toEqual(["second", "third"]);
    session.reconsider(PASS);
    expect(session.standingRefusals().map(({ reason }) => reason)).toEqual(["third"]);
  });
});

describe("the constants that passes added", () => {
  it("are those that are left and are more than before, by pass", () => {
    const model = parseGraph(
      "g (float[2] x) => (float[2] y) <float[1] k = {1}> { m = Mul (x, k) y = Add (m, k) }",
      {
        opset: 17,
      },
    );
    const session = new RewriteSession(OPEN_GATE);
    const facts = createFacts(model);
    const constant = (size: number): Tensor =>
      tensorFromNumbers(
        "float",
        [size],
        Array.from({ length: size }, () => 1),
      );
    const change = (pass: string, apply: Proposal["apply"]): boolean =>
      session.make(passOf(pass), "m", { kind: "rewrite", summary: "", apply }, new Rewriter(facts));
    const m = nodeOf(model, "m");
    change("copies", (rewriter) => rewriter.setConstant(m, 1, constant(2), "k"));
    change("enlarges", (rewriter) => rewriter.setConstant(m, 1, constant(4), "k"));
    change("forgets", (rewriter) => rewriter.addConstant(model.graph, "unread", constant(8)));
    expect(session.addedConstants()).toEqual([{ pass: "enlarges", bytes: 16, count: 1, largest: "k_1" }]);
  });
});

it("passFault names the pass", () => {
  expect(passFault(PASS, modelOf(), "order: late")).toMatchObject({
    id: "pass-left-invalid-graph",
    message: expect.stringMatching(/test.*order: late/),
  });
});
