import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { refuse } from "../../src/base/refusal.js";
import { SPECIAL_VALUES } from "../../src/base/special-values.js";
import type { Model } from "../../src/ir/model.js";
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

it("passFault names the pass", () => {
  expect(passFault(PASS, modelOf(), "order: late")).toMatchObject({
    id: "pass-left-invalid-graph",
    message: expect.stringMatching(/test.*order: late/),
  });
});
