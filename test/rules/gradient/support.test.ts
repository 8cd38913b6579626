import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { isRefusal } from "../../../src/base/refusal.js";
import { Builder } from "../../../src/ir/builder.js";
import type { Value } from "../../../src/ir/graph.js";
import { evaluateReference } from "../../../src/reference/evaluate.js";
import {
  addGradients,
  castLike,
  filledLike,
  type GradientBuild,
  reshapeLike,
  scatterByIndex,
  select,
  shapeOf,
  sumTo,
} from "../../../src/rules/gradient/support.js";
import { parseGraph } from "../../../src/text/parse.js";
import { valueNamed } from "../../support/facts.js";
import { counting, floats } from "../../support/reference.js";

/** Sizes of a and b as the model declares them; 2x3 and 1x3 are what comes. */
const KNOWN = "float[2,3] a, float[1,3] b";
const UNKNOWN = "float[N,M] a, float[K,M] b";

/** What is built from a and b gives; a counts from 1, b from 1. */
function built(
  inputs: string,
  build: (c: GradientBuild, a: Value, b: Value) => Value,
): { readonly dims: readonly number[]; readonly data: readonly number[]; readonly added: string } {
  const model = parseGraph(`g (${inputs}) => (float s) { s = Add (a, b) }`, { opset: 18 });
  const c = { facts: createFacts(model), build: new Builder(model.graph) };
  const result = build(c, valueNamed(model, "a"), valueNamed(model, "b"));
  model.graph.addOutput(result);
  const all = evaluateReference(model, floats({ a: counting(2, 3), b: counting(1, 3) }), {
    outputs: [result.name],
  });
  const tensor = isRefusal(all) ? undefined : all.get(result.name);
  if (tensor === undefined) throw new Error("no result");
  const added = [...model.graph.nodes()].slice(1).map(({ opType }) => opType);
  return { dims: tensor.dims, data: [...tensor.data], added: added.join(" ") };
}

describe.each([KNOWN, UNKNOWN])("with inputs %s", (inputs) => {
  it("sumTo adds up along the axes that were repeated", () => {
    const { added: _, ...sum } = built(inputs, (c, a, b) => sumTo(c, a, b));
    expect(sum).toEqual({ dims: [1, 3], data: [5, 7, 9] });
  });

  it("filledLike and select take the shape of a value", () => {
    expect(built(inputs, (c, a) => filledLike(c, 7, a)).data).toEqual([7, 7, 7, 7, 7, 7]);
    const positive = built(inputs, (c, a) =>
      select(c, c.build.op("Greater", [a, c.build.scalar(4, "float")]), a),
    );
    expect(positive.data).toEqual([0, 0, 0, 0, 5, 6]);
  });

  it("reshapeLike gives back the shape", () => {
    const { dims } = built(inputs, (c, a) => reshapeLike(c, c.build.op("Flatten", [a], { axis: 0n }), a));
    expect(dims).toEqual([2, 3]);
  });

  it("scatterByIndex sends each element where it came from", () => {
    // The gradient of a transposed is that of a, transposed back.
    const { data } = built(inputs, (c, a) => {
      const turn = (value: Value): Value => c.build.op("Transpose", [value], { perm: [1, 0] });
      return scatterByIndex(c, turn(a), a, turn);
    });
    expect(data).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

it("known shapes are constants, unknown ones one Shape node", () => {
  const both = (c: GradientBuild, a: Value): Value => c.build.op("Add", [shapeOf(c, a), shapeOf(c, a)]);
  expect(built(KNOWN, both)).toMatchObject({ data: [4, 6], added: "Add" });
  expect(built(UNKNOWN, both)).toMatchObject({ data: [4, 6], added: "Shape Add" });
});

it("sumTo leaves a gradient that was not broadcast alone", () => {
  expect(built(KNOWN, (c, a) => c.build.op("Neg", [sumTo(c, a, a)])).added).toBe("Neg");
});

it("addGradients adds two, sums more, and gives one as it is", () => {
  const counts = [1, 2, 3].map((count) =>
    built(KNOWN, (c, a) => {
      const sum = addGradients(c.build, new Array<Value>(count).fill(a));
      return c.build.op("Neg", [sum ?? null]);
    }),
  );
  expect(counts.map(({ added }) => added)).toEqual(["Neg", "Add Neg", "Sum Neg"]);
  expect(counts.map(({ data }) => data[5])).toEqual([-6, -12, -18]);
});

it("castLike leaves the same type alone", () => {
  expect(built(KNOWN, (c, a, b) => c.build.op("Neg", [castLike(c, a, b)])).added).toBe("Neg");
  const truth = built(KNOWN, (c, a, b) => castLike(c, c.build.op("Less", [a, b]), b));
  expect(truth).toMatchObject({ added: "Less Cast", data: [0, 0, 0, 0, 0, 0] });
});
