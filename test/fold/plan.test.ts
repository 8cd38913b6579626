import { describe, expect, it } from "vitest";
import { channelAffine } from "../../src/affine/channel-affine.js";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isRefusal, type Refusal } from "../../src/base/refusal.js";
import type { Landing } from "../../src/fold/landing.js";
import { planDown, planUp, remainders } from "../../src/fold/plan.js";
import { attribute } from "../../src/ir/attribute.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";

/** Halves the first of two channels, and adds one to the second. */
const MAP = channelAffine([0.5, 1], [0, 1]);

/** The inputs that a plan replaces, each with its new elements: "Conv c[1] = 1,4". */
function places(plan: readonly Landing[] | Refusal): readonly string[] {
  if (isRefusal(plan)) return [`refused: ${plan.id}`];
  const found = plan.flatMap(({ node, absorption }) =>
    [...absorption.constants].map(
      ([index, tensor]) => `${node.opType} ${node.key}[${index}] = ${[...tensor.toFloat64()]}`,
    ),
  );
  return found.sort();
}

const CONSTANTS = "float[2,1,1,1] W = {2, 4}, float[2] b = {10, 20}, float[2,1,1] k = {3, 5}";

/** The plan for a map of the value t, which y reads. */
function up(body: string, outputs = "float y"): readonly string[] {
  const model = parseGraph(
    `g (float[1,1,4,4] x, float[1,2,4,4] z) => (${outputs}) <${CONSTANTS}> { ${body} }`,
    {
      opset: 17,
    },
  );
  return places(planUp({ node: nodeOf(model, "y"), index: 0 }, { axis: 1, map: MAP }, createFacts(model)));
}

function down(body: string, axis = 1): readonly string[] {
  const text = `g (float[1,2,4,4] x) => (float y) <float[1,2,1,1] V = {2, 4}, float[2,1,1] k = {3, 5}> { ${body} }`;
  const model = parseGraph(text, { opset: 17 });
  return places(planDown(valueNamed(model, "x"), { axis, map: MAP }, createFacts(model)));
}

/** More than a search may take. */
const STEPS = 300;

describe("planUp", () => {
  it("scales the weight and maps the bias of a Conv, also behind operators that let the map pass", () => {
    const folded = ["Conv t[1] = 1,4", "Conv t[2] = 5,21"];
    expect(up("t = Conv (x, W, b) y = Neg (t)")).toEqual(folded);
    const behind = ["Conv c[1] = 1,4", "Conv c[2] = 5,21"];
    expect(up("c = Conv (x, W, b) t = GlobalAveragePool (c) y = Neg (t)")).toEqual(behind);
  });

  it("maps every term of a sum by the scale, and one of them by the shift", () => {
    expect(up("c = Conv (x, W, b) t = Add (c, k) y = Neg (t)")).toEqual([
      "Add t[1] = 1.5,5",
      "Conv c[1] = 1,4",
      "Conv c[2] = 5,21",
    ]);
  });

  it("stops at a value that others read or that the graph gives", () => {
    expect(up("t = Conv (x, W, b) y = Neg (t) u = Exp (t)")).toEqual(["refused: output-has-other-uses"]);
    expect(up("t = Conv (x, W, b) y = Neg (t)", "float y, float t")).toEqual([
      "refused: value-is-graph-output",
    ]);
    expect(up("t = Conv (x, W, b) y = Neg (t) u = Shape (t)")).toHaveLength(2);
  });

  it("refuses where the map meets an operator or an input that takes none", () => {
    expect(up("c = Conv (x, W, b) t = Tanh (c) y = Neg (t)")).toEqual(["refused: takes-no-map-of-output"]);
    expect(up("y = Neg (z)")).toEqual(["refused: takes-no-map-of-output"]);
  });

  it("takes a value that one reader reads twice for one with two readers", () => {
    expect(up("c = Conv (x, W, b) t = Concat <axis = 2> (c, c) y = Neg (t)")).toEqual([
      "refused: output-has-other-uses",
    ]);
  });
});

describe("planDown", () => {
  it("takes the map into every reader", () => {
    expect(down("y = Conv (x, V)")).toEqual(["Conv y[1] = 1,4", "Conv y[2] = 4"]);
    expect(down("a = Conv (x, V) b = GlobalAveragePool (x) c = Conv (b, V) y = Add (a, c)")).toEqual([
      "Conv a[1] = 1,4",
      "Conv a[2] = 4",
      "Conv c[1] = 1,4",
      "Conv c[2] = 4",
    ]);
  });

  it("refuses where a single reader takes none, and says why", () => {
    expect(down("a = Conv (x, V) b = Exp (x) y = Add (a, b)")).toEqual(["refused: takes-no-map-of-input"]);
    expect(down("y = Conv (x, V)", 2)).toEqual(["refused: map-runs-along-other-axis"]);
    const model = parseGraph("g (float[1,2] x) => (float y) { y = Clip (x) }", { opset: 17 });
    const plan = planDown(valueNamed(model, "x"), { axis: 1, map: MAP }, createFacts(model));
    expect(plan).toMatchObject({ reason: expect.stringMatching(/no rule .* its bounds could take a map/) });
  });

  it("has nothing to do for a map that changes nothing", () => {
    const model = parseGraph("g (float[1,2] x) => (float y) { y = Exp (x) }", { opset: 17 });
    const identity = { axis: 1, map: channelAffine([1, 1], [0, 0]) };
    expect(planDown(valueNamed(model, "x"), identity, createFacts(model))).toEqual([]);
  });
});

it("remainders counts the shifts that found no place", () => {
  const model = parseGraph(
    "g (float[3,2] x) => (float y) <float[2,2] W = {1,2,3,4}> { t = MatMul (x, W) y = Neg (t) }",
    {
      opset: 8,
    },
  );
  const reader = { node: nodeOf(model, "y"), index: 0 };
  const plan = planUp(reader, { axis: 1, map: channelAffine([1, 2], [0, 1]) }, createFacts(model));
  expect(isRefusal(plan) ? plan : remainders(plan)).toBe(0);
});

describe("a plan that is not looked for", () => {
  const chain = (from: string, to: string): string =>
    Array.from(
      { length: STEPS },
      (_, i) => `${i === STEPS - 1 ? to : `n${i}`} = Neg (${i === 0 ? from : `n${i - 1}`})`,
    ).join(" ");

  it("is one of too many steps", () => {
    expect(up(`c = Conv (x, W, b) ${chain("c", "t")} y = Neg (t)`)).toEqual([
      "refused: too-many-operators-on-the-way",
    ]);
    expect(down(`${chain("x", "t")} y = Conv (t, V)`)).toEqual(["refused: too-many-operators-on-the-way"]);
  });

  it("goes through an output that is not the first", () => {
    const body = "c = Conv (x, W, b) v, t = Dropout (c) y = Not (t)";
    expect(up(body, "bool y, v")).toEqual(["refused: value-is-not-first-output"]);
  });

  it("goes through a node whose attributes the caller gives", () => {
    const text = `g (float[1,2,4,4] x) => (float y) <${CONSTANTS}> { t = Relu (x) y = Neg (t) }`;
    const model = parseGraph(text, { opset: 17 });
    nodeOf(model, "t").set(attribute("alpha", { kind: "ref", ref: "given", type: "float" }));
    const map = { axis: 1, map: MAP };
    const facts = createFacts(model);
    expect(places(planDown(valueNamed(model, "x"), map, facts))).toEqual([
      "refused: attribute-comes-from-caller",
    ]);
    expect(places(planUp({ node: nodeOf(model, "y"), index: 0 }, map, facts))).toEqual([
      "refused: attribute-comes-from-caller",
    ]);
  });
});
