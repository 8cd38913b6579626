import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { bestTurn, growRegion } from "../../src/relayout/region.js";
import { applyTurn, removeUnreadTranspose } from "../../src/rewrite/apply-turn.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

const TURN = "Transpose <perm = [0, 2, 3, 1]>";
const BACK = "Transpose <perm = [0, 3, 1, 2]>";

/** The model after the best turn around the value a to channels-first order. */
function turned(body: string, outputs = "float y", constants = ""): Model {
  const model = parseGraph(`g (float[2,3,4,5] x) => (${outputs}) <${constants}> { ${body} }`, { opset: 17 });
  const facts = createFacts(model);
  const turn = bestTurn(growRegion(model.graph, valueNamed(model, "a"), [0, 3, 1, 2], facts), facts);
  if (turn === undefined) throw new Error("no turn");
  applyTurn(turn, new Rewriter(facts), facts);
  expect(verify(model)).toEqual([]);
  return model;
}

describe("applyTurn", () => {
  it("takes the Transposes away, and renames axes", () => {
    const model = turned(`a = ${TURN} (x) b = Softmax <axis = 3> (a) y = ${BACK} (b)`);
    expect(sketch(model)).toEqual(["y = Softmax(x)"]);
    expect(nodeOf(model, "y").int("axis", -1)).toBe(1);
  });

  it("transposes constants", () => {
    const model = turned(
      `a = ${TURN} (x) b = Add (a, k) y = ${BACK} (b)`,
      "float y",
      "float[1,1,2,2] unused = {1,2,3,4}, float[3] k = {1, 2, 3}",
    );
    const add = nodeOf(model, "y");
    expect([add.opType, add.input(0)?.name, add.input(1)?.tensor?.dims]).toEqual(["Add", "x", [1, 3, 1, 1]]);
  });

  it("transposes back, once, for readers that need the old order", () => {
    const model = turned(
      `a = ${TURN} (x) b = Relu (a) y = ${BACK} (b) c = NonZero (b) d = Flatten (b)`,
      "float y, int64 c, float d",
    );
    const transposes = [...model.nodes()].filter((node) => node.is("Transpose"));
    expect(transposes).toHaveLength(1);
    expect(transposes[0]?.ints("perm")).toEqual([0, 2, 3, 1]);
    expect(nodeOf(model, "y").is("Relu")).toBe(true);
  });
});

it("a Transpose of another order becomes the rest of the way", () => {
  const model = parseGraph(
    `g (float[2,3,4,5] x) => (float y, float z) {
       a = ${TURN} (x) b = Relu (a) y = ${BACK} (b) z = Transpose <perm = [3, 0, 1, 2]> (b) }`,
    { opset: 17 },
  );
  const facts = createFacts(model);
  const region = growRegion(model.graph, valueNamed(model, "a"), [0, 3, 1, 2], facts);
  applyTurn({ region, nodes: new Set([nodeOf(model, "b")]), gain: 2 }, new Rewriter(facts), facts);
  expect(sketch(model)).toEqual(["y = Relu(x)", "z = Transpose(y)"]);
  // Axis 3 of b is axis 1 of y.
  expect(nodeOf(model, "z").ints("perm")).toEqual([1, 0, 2, 3]);
});

it("removeUnreadTranspose leaves Transposes that are read", () => {
  const model = parseGraph(`g (float[2,3,4,5] x) => (float y) { a = ${TURN} (x) y = ${TURN} (x) }`, {
    opset: 17,
  });
  const rewriter = new Rewriter(createFacts(model));
  for (const node of [nodeOf(model, "a"), nodeOf(model, "y"), undefined])
    removeUnreadTranspose(rewriter, node);
  expect(sketch(model)).toEqual(["y = Transpose(x)"]);
});
