import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { parseGraph } from "../../src/text/parse.js";
import { Roles } from "../../src/training/roles.js";

/** `name: role` of each constant, with the id of the reason where it is not trained. */
function rolesOf(signature: string, constants: string, nodes: string): Record<string, string> {
  const model = parseGraph(`g (${signature}) => (float[N,2] y) <${constants}> { ${nodes} }`, { opset: 17 });
  const roles = new Roles(model.graph, model.graph.initializers, createFacts(model));
  return Object.fromEntries(
    [...model.graph.initializers].map((value) => {
      const { role, refusal } = roles.of(value);
      return [value.name, refusal === undefined ? role : `${role}, ${refusal.id}`];
    }),
  );
}

const LAYER = "float[2,2] w = {0.1, 0.2, 0.3, 0.4}";

describe("roles", () => {
  it("of the parameters of layers are what the operators declare", () => {
    expect(
      rolesOf(
        "float[N,2] x",
        `${LAYER}, float[2] b = {0, 0}, float[2] s = {1, 1}, float[2] h = {0, 0}, float[2] m = {0, 0}, float[2] v = {1, 1}, float[1] p = {0.25}, float low = {0}`,
        "c = Gemm(x, w, b) n = BatchNormalization(c, s, h, m, v) q = PRelu(n, p) y = Clip(q, low)",
      ),
    ).toEqual({
      w: "weight",
      b: "bias",
      s: "scale",
      h: "shift",
      m: "statistic, is-statistic",
      v: "statistic, is-statistic",
      p: "slope",
      low: "buffer, is-setting",
    });
  });

  it("of arithmetic behind a layer are biases, scales, shifts and tables", () => {
    expect(
      rolesOf(
        "float[N,3,2] x",
        `${LAYER}, float[2] b = {0, 0}, float[2] g = {1, 1}, float[1,1,2] t = {0.5, -0.25}, float[3,2] pos = {0.1, -0.3, 0.2, 0.4, -0.2, 0.7}, float half = {0.5}`,
        "c = MatMul(x, w) d = Add(b, c) e = Mul(d, g) f = Add(e, t) h = Add(f, pos) i = Mul(h, half) y = ReduceMax<axes = [1], keepdims = 0>(i)",
      ),
    ).toEqual({
      w: "weight",
      b: "bias",
      g: "scale",
      t: "shift",
      pos: "table",
      half: "buffer, is-single-number",
    });
  });

  it("of what prepares the data are buffers, through casts, views and moves", () => {
    expect(
      rolesOf(
        "uint8[N,2,2] x",
        `${LAYER}, float[2] mean = {0.4, 0.5}, float[2,1] std = {0.2, 0.3}, float[2] after = {0.1, 0.2}, float[2,2] grid = {0.5, 0.1, 0.2, 0.3}`,
        "f = Cast<to = 1>(x) m = Sub(f, mean) d = Div(m, std) t = Transpose<perm = [0, 2, 1]>(d) g = Add(t, grid) c = MatMul(g, w) e = Add(c, after) y = ReduceSum<keepdims = 0>(e)",
      ),
    ).toMatchObject({
      mean: "buffer, normalizes-data",
      std: "buffer, normalizes-data",
      grid: "buffer, normalizes-data",
      after: "bias",
    });
  });

  it("of arithmetic on the data are parameters where the network has no layer", () => {
    expect(
      rolesOf("float[N,2] x", "float[2] s = {0.5, 2}, float[2] b = {1, 3}", "a = Mul(x, s) y = Add(a, b)"),
    ).toEqual({ s: "scale", b: "shift" });
  });

  it.each([
    ["a causal mask", "float[2,2] k = {0, -1e9, 0, 0}", "c2 = Add(c, k)", "holds-whole-numbers"],
    ["an infinite bias", "float[2] k = {0, -inf}", "c2 = Add(c, k)", "holds-non-finite"],
    ["a channel mask", "float[2] k = {0, 1}", "c2 = Mul(c, k)", "holds-zeros-and-ones"],
    ["rotations", "float[2,2] k = {0.5, 0.8, 0.1, 0.9}", "c2 = Mul(c, k)", "scales-several-axes"],
    ["a bound for each channel", "float[2] k = {0.5, 0.8}", "c2 = Min(c, k)", "is-setting"],
    [
      "a float16 bias behind a Cast",
      "float16[2] k = {14336, 14746}",
      "k2 = Cast<to = 1>(k) c2 = Add(c, k2)",
      "type-is-not-trained",
    ],
  ])("%s is a buffer", (_, constant, node, id) => {
    const roles = rolesOf(
      "float[2,2] x",
      `${LAYER}, ${constant}`,
      `c = MatMul(x, w) ${node} y = Identity(c2)`,
    );
    expect(roles["k"]).toMatch(new RegExp(`, ${id}$`));
    expect(roles["w"]).toBe("weight");
  });

  it("of tables depend on what they hold", () => {
    const lookUp = (numbers: string): string | undefined =>
      rolesOf("int64[N] i", `float[4,2] t = {${numbers}}, ${LAYER}`, "e = Gather(t, i) y = MatMul(e, w)")[
        "t"
      ];
    expect(lookUp("0.1, 0.5, -0.3, 0.2, 0.4, -0.1, 0.6, 0.9")).toBe("table");
    expect(lookUp("1, 0, 0, 1, 1, 0, 0, 1")).toBe("buffer, holds-one-hot-rows");
    expect(lookUp("0, 1, 0.841471, 0.540302, 0.909297, -0.416147, 0.14112, -0.989992")).toBe(
      "buffer, holds-sines-and-cosines",
    );
  });

  it("of a token that is expanded and joined is a weight, even while it is zero", () => {
    expect(
      rolesOf(
        "float[N,3,2] x",
        `${LAYER}, float[1,1,2] token = {0, 0}, int64[3] n = {1, 1, 1}`,
        "c = MatMul(x, w) t = Expand(token, n) j = Concat<axis = 1>(t, c) y = ReduceMax<axes = [1], keepdims = 0>(j)",
      )["token"],
    ).toBe("weight");
  });

  it("of what is behind a long way from the data are found all the same", () => {
    const model = parseGraph(
      `g (float[N,2] x) => (float[N,2] y) <${LAYER}, float[2] mean = {1, 2}> { a = Neg(x) m = Sub(a, mean) y = MatMul(m, w) }`,
      { opset: 17 },
    );
    const { graph } = model;
    const [negation] = graph.nodes();
    let value = negation?.input(0) ?? null;
    for (let i = 0; i < 20_000; i++)
      value =
        graph.addNode({ opType: "Abs", inputs: [value], outputs: [`abs${i}`] }, negation).output(0) ?? null;
    negation?.setInput(0, value);
    const mean = [...graph.initializers].find(({ name }) => name === "mean");
    if (mean === undefined) throw new Error("mean");
    expect(new Roles(graph, graph.initializers, createFacts(model)).of(mean).refusal?.id).toBe(
      "normalizes-data",
    );
  });

  it("are trained only where all readers would have it so", () => {
    expect(rolesOf("float[2,2] x", LAYER, "c = MatMul(x, w) y = Min(c, w)")["w"]).toBe("buffer, is-setting");
  });
});
