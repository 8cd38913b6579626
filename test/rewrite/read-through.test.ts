import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Model } from "../../src/ir/model.js";
import { readThrough } from "../../src/rewrite/read-through.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

const modelOf = (body: string): ReturnType<typeof parseGraph> =>
  parseGraph(`g (float[2] x) => (float[2] y) { ${body} }`, { opset: 17 });

it("readThrough lets readers read the input", () => {
  const model = modelOf("a = Identity (x) y = Neg (a)");
  const through = (name: string): ReturnType<typeof readThrough> =>
    readThrough(nodeOf(model, name), valueNamed(model, name), valueNamed(model, "x"), "does nothing");
  const proposal = through("a");
  if (proposal?.kind !== "rewrite") throw new Error("no proposal");
  expect(proposal.summary).toBe('Identity "a" does nothing and is removed');
  proposal.apply(new Rewriter(createFacts(model)));
  expect(sketch(model)).toEqual(["y = Neg(x)"]);
});

it("readThrough leaves what nothing reads to eliminate-dead", () => {
  const model = modelOf("a = Identity (x) y = Neg (x)");
  expect(readThrough(nodeOf(model, "a"), valueNamed(model, "a"), valueNamed(model, "x"), "")).toBeUndefined();
});

describe("readThrough of a name that the input cannot take", () => {
  const through = (body: string): { model: Model; found: ReturnType<typeof readThrough> } => {
    const model = modelOf(body);
    const found = readThrough(
      nodeOf(model, "y"),
      valueNamed(model, "y"),
      valueNamed(model, "x"),
      "does nothing",
    );
    return { model, found };
  };

  it("leaves an Identity, and other readers read the input", () => {
    const { model, found } = through("y = Neg (x) a = Exp (y)");
    if (found?.kind !== "rewrite") throw new Error("no proposal");
    expect(found.summary).toBe('Neg "y" does nothing and becomes an Identity');
    found.apply(new Rewriter(createFacts(model)));
    expect(sketch(model)).toEqual(["y = Identity(x)", "a = Exp(x)"]);
  });

  it.each([
    ["it is an Identity already", "y = Identity (x)"],
    ["another output of the node is read", "y, m = Dropout (x) a = Not (m)"],
  ])("is refused where %s", (_, body) => {
    expect(through(body).found).toMatchObject({ kind: "refusal", id: "output-name-cannot-move" });
  });
});
