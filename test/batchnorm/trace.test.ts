import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { type Trace, Tracer } from "../../src/batchnorm/trace.js";
import { parseModel } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";
import { constant } from "../support/text.js";

/** What feeds the value t, which y reads. */
function trace(body: string, sums = false, functions = ""): Trace {
  const constants = [
    constant("W", [4, 4, 1, 1]),
    constant("V", [4, 4, 1, 1]),
    constant("b", [4, 1, 1]),
    constant("s", [4]),
    "float k = {2}",
  ];
  const text = `<ir_version: 9, opset_import: ["" : 17]> g (float[2,4,6,6] x, float[2,4,6,6] z) => (float y) <${constants.join(", ")}> { ${body} y = Relu (t) } ${functions}`;
  const model = parseModel(text);
  const t = valueNamed(model, "t");
  const [reader] = t.uses;
  if (reader === undefined) throw new Error("no reader");
  return new Tracer(createFacts(model), sums).trace(t, reader);
}

/** The outputs of the layers, each with the operator that reads it on the way. */
const layersOf = ({ layers }: Trace): readonly string[] =>
  layers.map(
    ({ layer, reader }) => `${layer.output.name} ${reader.kind === "node" ? reader.node.opType : "output"}`,
  );

const obstaclesOf = ({ obstacles }: Trace): readonly string[] => obstacles.map(({ id }) => id);

describe("Tracer", () => {
  it("finds the layer that feeds a nonlinearity, and the layer with the Add of its bias", () => {
    expect(layersOf(trace("t = Conv (x, W)"))).toEqual(["t Relu"]);
    expect(layersOf(trace("c = Conv (x, W) t = Add (c, b)"))).toEqual(["t Relu"]);
  });

  it("goes through operators that carry channels, and names the reader next to the layer", () => {
    expect(
      layersOf(trace("c = Conv (x, W) m = MaxPool <kernel_shape = [2, 2]> (c) t = Dropout (m)")),
    ).toEqual(["c MaxPool"]);
  });

  it("goes into every branch", () => {
    const both = "c = Conv (x, W) d = Conv (z, V)";
    expect(layersOf(trace(`${both} t = Concat <axis = 1> (c, d)`))).toEqual(["c Concat", "d Concat"]);
    const half = trace("c = Conv (x, W) t = Add (c, z)");
    expect([layersOf(half), obstaclesOf(half)]).toEqual([["c Add"], ["is-fed-by-input"]]);
  });

  it("stops at residual sums where it is told to", () => {
    const { sums, layers } = trace("c = Conv (x, W) t = Add (c, z)", true);
    expect(layers).toEqual([]);
    expect(sums.map(({ sum, layer }) => [sum.opType, layer.output.name])).toEqual([["Add", "c"]]);
  });

  it("takes no call of a function that bears an operator's name for a layer", () => {
    const call = `<domain: "", opset_import: ["" : 17]> Conv (a, b) => (c) { c = Relu (a) }`;
    expect(layersOf(trace("c = Conv (x, W) t = Identity (c)"))).toEqual(["c Identity"]);
    expect(layersOf(trace("c = Conv (x, W) t = Identity (c)", false, call))).toEqual([]);
  });

  it.each([
    ["t = Identity (x)", "is-fed-by-input"],
    ["c = Conv (x, W) t = Mul (c, k)", "is-scaled-already"],
    ["c = Conv (x, W) t = InstanceNormalization (c, s, s)", "is-normalized-already"],
    ["c = Conv (x, W) t = Softmax (c)", "is-fed-by-other-operator"],
  ])("says what is in the way: %s", (body, id) => {
    expect(obstaclesOf(trace(body))).toEqual([id]);
  });

  it("takes for a residual sum neither a product nor a sum with a constant", () => {
    expect(trace("c = Conv (x, W) t = Mul (c, z)", true).sums).toEqual([]);
    expect(trace("c = Conv (x, W) r = Relu (c) t = Add (r, b)", true).sums).toEqual([]);
    expect(trace("c = Conv (x, W) t = Sub (c, b)", true).sums).toEqual([]);
  });
});
