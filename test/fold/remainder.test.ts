import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { landRemainder } from "../../src/fold/remainder.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf } from "../support/facts.js";

/** The constants that take the shift [10, 20] of the product p: "Add y[1] = ...", or "remainder" where none does. */
function places(body: string, constants = "float[2] k = {1, 2}"): readonly string[] {
  const model = parseGraph(
    `g (float[3,4,2] x) => (float y) <float[2,2] W = {1,2,3,4}, ${constants}> { p = MatMul (x, W) ${body} }`,
    { opset: 17 },
  );
  const remainder = tensorFromNumbers("float", [2], [10, 20]);
  const landing = { node: nodeOf(model, "p"), absorption: { constants: new Map(), remainder } };
  return landRemainder(landing, createFacts(model)).flatMap(({ node, absorption }) => [
    ...(absorption.remainder === undefined ? [] : ["remainder"]),
    ...[...absorption.constants].map(
      ([index, tensor]) => `${node.opType} ${node.key}[${index}] = ${[...tensor.toFloat64()]}`,
    ),
  ]);
}

describe("landRemainder", () => {
  it("adds the shift to the constant of an Add or Sub, and takes it from one that is subtracted", () => {
    expect(places("y = Add (p, k)")).toEqual(["Add y[1] = 11,22"]);
    expect(places("y = Add (k, p)")).toEqual(["Add y[0] = 11,22"]);
    expect(places("y = Sub (p, k)")).toEqual(["Sub y[1] = -9,-18"]);
    expect(places("y = Sub (k, p)")).toEqual(["Sub y[0] = -9,-18"]);
  });

  it("widens a constant that is the same everywhere", () => {
    expect(places("y = Add (p, k)", "float k = {1}")).toEqual(["Add y[1] = 11,21"]);
  });

  it("keeps it where nothing behind the product takes it", () => {
    expect(places("y = Mul (p, k)")).toEqual(["remainder"]);
    expect(places("y = Add (p, k) z = Exp (p)")).toEqual(["remainder"]);
    expect(places("y = Add (p, k)", "float[4,1] k = {1, 2, 3, 4}")).toEqual(["remainder"]);
  });
});
