import { expect, it } from "vitest";
import { attribute } from "../../src/ir/attribute.js";
import { initOf, isStandardDomain } from "../../src/ir/node.js";
import { parseGraph } from "../../src/text/parse.js";

const { graph } = parseGraph(
  `g (float[2] x, float[2] z) => (float[2] y) {
     a = Clip (x, , z) ["last"] y = Gemm <alpha = 0.5, axes = [1, 2], mode = "up", count = 3> (a, a) }`,
  { opset: 17 },
);
const [clip, gemm] = [...graph.nodes()];
if (clip === undefined || gemm === undefined) throw new Error("two nodes");

it("attributes are read by kind, and another kind is none", () => {
  expect([gemm.float("alpha"), gemm.ints("axes"), gemm.string("mode"), gemm.int("count")]).toEqual([
    0.5,
    [1, 2],
    "up",
    3,
  ]);
  expect([gemm.int("alpha"), gemm.float("count", 7), gemm.string("none", "down")]).toEqual([
    undefined,
    7,
    "down",
  ]);
  gemm.set(attribute("count", 4));
  expect(gemm.int("count")).toBe(4);
  gemm.unset("count");
  expect(gemm.attribute("count")).toBeUndefined();
});

it("inputs may be skipped, and uses follow them", () => {
  expect([clip.input(0)?.name, clip.input(1), clip.input(2)?.name, clip.input(3)]).toEqual([
    "x",
    undefined,
    "z",
    undefined,
  ]);
  const a = clip.output(0);
  const [x] = graph.inputs;
  expect(a?.uses.size).toBe(2);
  gemm.setInput(1, x ?? null);
  expect([a?.uses.size, gemm.inputs.map((value) => value?.name)]).toEqual([1, ["a", "x"]]);
  gemm.setInput(3, a ?? null);
  expect(gemm.inputs.map((value) => value?.name)).toEqual(["a", "x", undefined, "a"]);
  gemm.setInputs([x ?? null]);
  expect([a?.uses.size, gemm.inputs.length]).toEqual([0, 1]);
});

it("names: the label for people, the key for reading again", () => {
  expect([clip.label, clip.key]).toEqual(['Clip "a"', "a"]);
  expect([gemm.label, gemm.key]).toEqual(['Gemm "last"', "y"]);
});

it("operators are of the standard domain by any of its names", () => {
  expect(["", undefined, "ai.onnx", "com.microsoft"].map(isStandardDomain)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect([clip.is("Gemm", "Clip"), clip.is("Gemm"), clip.sharesOperator(gemm)]).toEqual([true, false, false]);
});

it("all but inputs and outputs makes the same node on others", () => {
  const { graph: other } = parseGraph(
    'g (float[2] x, float[2] z) => (float[2] y) { ["n"] y = Elu <alpha = 0.5> (x) }',
    { opset: 17 },
  );
  const [elu] = other.nodes();
  const [, z] = other.inputs;
  if (elu === undefined || z === undefined) expect.unreachable("a node and two inputs");
  elu.metadata = [{ key: "from", value: "here" }];
  const twin = other.addNode({ ...initOf(elu), inputs: [z], outputs: ["twin"] });
  expect([twin.opType, twin.name, twin.float("alpha")]).toEqual(["Elu", "n", 0.5]);
  expect(twin.metadata).toEqual(elu.metadata);
});
