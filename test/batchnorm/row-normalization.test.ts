import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { channelMapOf, readRowNormalization } from "../../src/batchnorm/row-normalization.js";
import type { Node } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { valueNamed } from "../support/facts.js";
import { modelOf } from "../support/rewrite.js";
import { normalization, normalize } from "../support/text.js";

const rows = (view: string, node = normalize("n", "r", "bn")): Model =>
  modelOf(
    `g (float[N,3,4] x) => (y) <${normalization("bn", 4)}, int64[2] flat = {-1, 4}, int64[2] half = {-1, 2}, int64[3] back = {-1, 3, 4}>
     { r = Reshape (x, ${view}) ${node} y = Reshape (n, back) }`,
  );

function nodeOf(model: Model): Node {
  return present(valueNamed(model, "n").producer, "it is computed");
}

describe("a normalization of rows", () => {
  it("is read with the value that it views", () => {
    const model = rows("flat");
    const read = readRowNormalization(nodeOf(model), createFacts(model));
    expect([read?.whole.name, read?.result.name]).toEqual(["x", "y"]);
  });

  it("is none where its rows are not the last axis", () => {
    const model = rows("half");
    expect(readRowNormalization(nodeOf(model), createFacts(model))).toBeUndefined();
  });

  it("has no map of constants in training form", () => {
    expect(channelMapOf(nodeOf(rows("flat")))?.scale).toHaveLength(4);
    const training = normalize("n, m, v", "r", "bn", "<training_mode = 1>");
    expect(channelMapOf(nodeOf(rows("flat", training)))).toBeUndefined();
  });
});
