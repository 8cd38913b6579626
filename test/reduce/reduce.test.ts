import { describe, expect, it } from "vitest";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { type ReduceProgress, reduce } from "../../src/reduce/reduce.js";
import type { Observe } from "../../src/reduce/search.js";
import { runtimeFails } from "../../src/reduce/symptoms.js";
import { printGraph } from "../../src/text/print.js";
import { modelOf } from "../support/rewrite.js";
import { constant, graphText, sketch } from "../support/text.js";

/** Something is wrong with each model that has these operators. */
function has(...operators: readonly string[]): Observe {
  return (model) => {
    const there = new Set([...model.nodes()].map(({ opType }) => opType));
    return operators.every((operator) => there.has(operator)) ? `has ${operators.join(" and ")}` : undefined;
  };
}

async function reduced(text: string, observe: Observe): Promise<{ model: Model; ops: readonly string[] }> {
  const { model, report } = await reduce(modelOf(text), observe);
  expect(verify(model)).toEqual([]);
  expect(report.status).toBe("done");
  return { model, ops: sketch(model) };
}

const CHAIN = graphText(
  "float[N,4,6,6] x",
  [constant("W", [4, 4, 3, 3]), constant("b", [4]), constant("V", [4, 5])],
  `a = Relu (x) c = Conv <pads = [1, 1, 1, 1]> (a, W, b) d = Sigmoid (c) e = Add (d, a) p = GlobalAveragePool (e)
   f = Flatten (p) y = MatMul (f, V)`,
);

describe("reduce", () => {
  it("leaves one node, its inputs cut out of the middle", async () => {
    const { model, ops } = await reduced(CHAIN, has("Conv"));
    expect(ops).toEqual(["y = Conv(x, w)"]);
    expect(model.graph.inputs.map(({ type }) => type)).toMatchObject([{ dtype: "float" }]);
    expect(printGraph(model.graph)).toContain("float[1,1,1,1] w");
  });

  it("keeps what the fault needs, and nothing between", async () => {
    const { ops } = await reduced(CHAIN, has("Relu", "MatMul"));
    expect(ops).toHaveLength(2);
  });

  it("keeps a chain together whose middle has another type", async () => {
    const observe: Observe = (model) => {
      const [last] = model.graph.outputs;
      const shape = last?.producer?.input(0)?.producer?.input(0)?.producer;
      return shape?.opType === "Shape" ? "a chain from Shape" : undefined;
    };
    const text = graphText(
      "float[N,3] x",
      ["int64 zero = {0}"],
      "r = Relu (x) s = Shape (r) n = Gather (s, zero) y = Cast <to = 1> (n)",
    );
    const { ops } = await reduced(text, observe);
    expect(ops.map((line) => line.replace(/.*= (\w+)\(.*/, "$1"))).toEqual(["Shape", "Gather", "Cast"]);
  });

  it("opens branches, loops and functions", async () => {
    const branch =
      "then_branch = t () => (float[2] u) { u = Exp (x) }, else_branch = e () => (float[2] v) { v = Tan (x) }";
    const conditional = graphText("float[2] x, bool c", [], `r = Relu (x) y = If (c) <${branch}>`);
    expect((await reduced(conditional, has("Tan"))).ops).toEqual(["y = Tan(x)"]);
    const loop = graphText(
      "float[2] x, int64 n, bool go",
      [],
      `y = Loop (n, go, x) <body = b (int64 i, bool k, float[2] s) => (bool l, float[2] t) {
         l = Identity (k) u = Erf (s) t = Abs (u) }>`,
    );
    expect((await reduced(loop, has("Erf"))).ops).toEqual(["y = Erf(x)"]);
    const call = `<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
      g (float[2] x) => (float[2] y) { y = own.twice (x) }
      <domain: "own", opset_import: ["" : 17]> twice (a) => (c) { b = Cosh (a) c = Neg (b) }`;
    const { model, ops } = await reduced(call, has("Cosh"));
    expect(ops).toEqual(["y = Cosh(x)"]);
    expect(model.functions).toEqual([]);
    expect(model.opsetImports).toHaveLength(1);
  });

  it("reduces what is in a body that has to stay", async () => {
    const text = graphText(
      "float[2] x, bool c",
      [],
      `y = If (c) <then_branch = t () => (float[2] u) { p = Exp (x) q = Sin (p) u = Cos (q) },
        else_branch = e () => (float[2] v) { v = Tan (x) }>`,
    );
    const { model } = await reduced(text, has("If", "Sin"));
    expect([...model.nodes()].map(({ opType }) => opType).sort()).toEqual(["If", "Sin"]);
  });

  it("asks a runtime for the types that it cannot infer, and takes sizes from the run", async () => {
    // The number of elements that are not zero hangs on the data.
    const text = graphText(
      "float[2,3] x",
      [],
      "z = NonZero (x) f = Cast <to = 1> (z) t = Transpose (f) e = Exp (t) y = Neg (e)",
    );
    const { model, ops } = await reduced(text, has("Exp"));
    expect(ops).toEqual(["y = Exp(x)"]);
    expect(model.graph.inputs[0]?.type).toMatchObject({ shape: [1, 1] });
  });

  it("leaves out documentation, names and what nothing uses, unless the fault is there", async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17, "unused" : 1], producer_name: "p", doc_string: "d",
      metadata_props: ["k": "v"]> g (float[2] longName) => (float[2] y) { y = Relu (longName) }`;
    const { model } = await reduced(text, has("Relu"));
    expect([model.producerName, model.docString, model.metadata.length]).toEqual([undefined, undefined, 0]);
    expect(printGraph(model.graph)).toContain("y = Relu(x)");
    const named: Observe = (each) => (each.producerName === "p" ? "made by p" : undefined);
    expect((await reduced(text, named)).model.producerName).toBe("p");
  });

  it("is deterministic", async () => {
    const run = async (): Promise<string> => printGraph((await reduced(CHAIN, has("Sigmoid"))).model.graph);
    expect(await run()).toBe(await run());
  });

  it("says how far it is, and gives the smallest model so far when it is stopped", async () => {
    const controller = new AbortController();
    const seen: ReduceProgress[] = [];
    const { model, report } = await reduce(modelOf(CHAIN), has("Conv"), {
      signal: controller.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.nodes < 4) controller.abort();
      },
    });
    expect(report.status).toBe("stopped");
    expect([...model.nodes()].map(({ opType }) => opType)).toContain("Conv");
    expect(model.graph.nodeCount).toBe(seen.at(-1)?.nodes);
    expect(seen.map(({ phase }) => phase).slice(0, 3)).toEqual(["record", "try", "extras"]);
  });

  it("refuses a model with which nothing goes wrong, and one with which each time something else does", async () => {
    await expect(reduce(modelOf(CHAIN), has("Tan"), { nothing: "it has no Tan" })).rejects.toMatchObject({
      id: "nothing-happens",
      message: expect.stringMatching(/^it has no Tan on the whole model/),
    });
    let tries = 0;
    await expect(reduce(modelOf(CHAIN), () => `try ${tries++}`)).rejects.toMatchObject({
      id: "symptom-is-flaky",
    });
    await expect(reduce(modelOf(CHAIN), () => (tries++ % 2 === 0 ? "odd" : undefined))).rejects.toMatchObject(
      {
        id: "symptom-is-flaky",
      },
    );
  });

  it("says so when the result does not show the fault once more", async () => {
    // The fault goes away with time.
    let tries = 0;
    const observe: Observe = () => (tries++ < 4 ? "there" : undefined);
    const { report } = await reduce(modelOf(CHAIN), observe);
    expect(report.status).toBe("unstable");
  });

  it("finds the node that onnxruntime refuses", async () => {
    const text = graphText(
      "float[4] x",
      ["int64[1] nine = {9}"],
      "r = Relu (x) e = Gather (r, nine) t = Exp (r) s = Neg (t) y = Add (s, e)",
    );
    const predicate = runtimeFails({ isolation: "none" });
    const { model, report } = await reduce(modelOf(text), predicate.observe, predicate);
    expect(sketch(model)).toHaveLength(1);
    expect(report.symptom).toMatch(/^onnxruntime \(level disabled\): .*out of data bounds/);
  });
});
