import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Model } from "../../src/ir/model.js";
import { bestTurn, growRegion, type Region, sourceOrder, type Turn } from "../../src/relayout/region.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

const TO_NHWC = [0, 2, 3, 1];
const TO_NCHW = [0, 3, 1, 2];
const TURN = `Transpose <perm = [${TO_NHWC}]>`;
const BACK = `Transpose <perm = [${TO_NCHW}]>`;

function modelOf(body: string, outputs = "float y"): Model {
  return parseGraph(`g (float[2,3,4,5] x) => (${outputs}) { ${body} }`, { opset: 17 });
}

/** The region around the value a for channels-first order. */
function around(body: string, outputs?: string): { region: Region; turn: Turn | undefined } {
  const model = modelOf(body, outputs);
  const facts = createFacts(model);
  const region = growRegion(model.graph, valueNamed(model, "a"), TO_NCHW, facts);
  return { region, turn: bestTurn(region, facts) };
}

const keys = (nodes: Iterable<{ readonly key: string }> = []): string[] =>
  [...nodes].map(({ key }) => key).sort();

describe("growRegion", () => {
  it("takes the operators that can follow, up to Transposes, and the refusals of the others", () => {
    const { region } = around(`a = ${TURN} (x) b = Relu (a) c = Abs (b) y = ${BACK} (c) d = NonZero (b)`);
    expect(keys(region.plans.keys())).toEqual(["b", "c"]);
    expect(region.border.map(({ id }) => id)).toEqual(["needs-axes-in-order"]);
    expect([...region.orders].map(([{ name }, order]) => [name, order])).toEqual([
      ["a", TO_NCHW],
      ["b", TO_NCHW],
      ["c", TO_NCHW],
    ]);
  });
});

describe("bestTurn", () => {
  it("changes what lies between two Transposes, which leaves none", () => {
    const { turn } = around(`a = ${TURN} (x) b = Relu (a) c = Abs (b) y = ${BACK} (c)`);
    expect(keys(turn?.nodes)).toEqual(["b", "c"]);
    expect(turn?.gain).toBe(2);
  });

  it("leaves out a part that would cost a Transpose of its own", () => {
    // c keeps its order, as an output of the graph, and so costs a Transpose wherever it comes from.
    const { turn } = around(`a = ${TURN} (x) b = Relu (a) y = ${BACK} (b) c = Abs (b)`, "float y, float c");
    expect(turn?.gain).toBe(1);
    expect(keys(turn?.nodes)).toEqual(["b"]);
  });

  it("changes nothing where no Transpose would go", () => {
    expect(around(`a = ${TURN} (x) y = Relu (a)`).turn).toBeUndefined();
    expect(around(`a = ${TURN} (x) b = Relu (a) y = NonZero (b)`).turn).toBeUndefined();
  });
});

it("sourceOrder is the order of the Transpose that computes a value", () => {
  const model = modelOf(`a = ${TURN} (x) y = Relu (a)`);
  const facts = createFacts(model);
  expect(sourceOrder(valueNamed(model, "a"), facts)).toEqual(TO_NHWC);
  expect(sourceOrder(valueNamed(model, "y"), facts)).toBeUndefined();
});
