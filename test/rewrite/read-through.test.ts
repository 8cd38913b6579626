import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { readThrough } from "../../src/rewrite/read-through.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

const modelOf = (body: string): ReturnType<typeof parseGraph> =>
  parseGraph(`g (float[2] x) => (float[2] y) { ${body} }`, { opset: 17 });

it("readThrough lets readers read the input, unless names stand against it", () => {
  const model = modelOf("a = Identity (x) y = Neg (a)");
  const through = (name: string): ReturnType<typeof readThrough> =>
    readThrough(nodeOf(model, name), valueNamed(model, name), valueNamed(model, "x"), "does nothing");
  expect(through("y")).toMatchObject({ kind: "refusal" });
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
