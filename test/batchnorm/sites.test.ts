import { describe, expect, it } from "vitest";
import type { SiteOptions } from "../../src/batchnorm/site.js";
import { findSites } from "../../src/batchnorm/sites.js";
import type { Model } from "../../src/ir/model.js";
import { modelOf } from "../support/rewrite.js";
import { constant, normalization, normalize } from "../support/text.js";

/** x [N, 4] with a body of nodes; W [4, 4], B [4] and S [] are there. */
function model(nodes: string, opset = 17): Model {
  return modelOf(
    `g (float[N,4] x, float[N,4] z) => (float y) <${constant("W", [4, 4])}, ${constant("B", [4])}, ${constant("V", [4, 4])}, ${constant("S", [])}, float one = {1}, float zero = {0}, float six = {6}, float three = {3}, float half = {0.5}, float root = {1.4142135}, ${normalization("n", 4)}>
     { ${nodes} }`,
    opset,
  );
}

function found(
  nodes: string,
  options: SiteOptions = {},
  opset = 17,
): { sites: string[]; passedOver: string[] } {
  const { sites, passedOver } = findSites(model(nodes, opset), options);
  return {
    sites: sites.map(({ name, activations }) => `${name}: ${activations.map(({ kind }) => kind).join(" ")}`),
    passedOver: passedOver.map(({ node, id }) => `${node}: ${id}`),
  };
}

const END = "y = MatMul (r, V)";

describe("findSites", () => {
  it.each([
    ["Relu", "r = Relu (a)"],
    ["LeakyRelu", "r = LeakyRelu (a)"],
    ["PRelu", "r = PRelu (a, S)"],
    ["ThresholdedRelu", "r = ThresholdedRelu (a)"],
    ["Elu", "r = Elu (a)"],
    ["Selu", "r = Selu (a)"],
    ["Celu", "r = Celu (a)"],
    ["Sigmoid", "r = Sigmoid (a)"],
    ["HardSigmoid", "r = HardSigmoid (a)"],
    ["Tanh", "r = Tanh (a)"],
    ["Softplus", "r = Softplus (a)"],
    ["Softsign", "r = Softsign (a)"],
    ["HardSwish", "r = HardSwish (a)"],
    ["Mish", "r = Mish (a)", 18],
    ["Gelu", "r = Gelu (a)", 20],
    ["Swish", "r = Swish (a)", 24],
    ["Clip", "r = Clip (a, zero, six)"],
    ["Swish", "s = Sigmoid (a)  r = Mul (s, a)"],
    ["HardSwish", "s = HardSigmoid <alpha = 0.16666667> (a)  r = Mul (a, s)"],
    ["Mish", "s = Softplus (a)  t = Tanh (s)  r = Mul (a, t)"],
    ["Gelu", "d = Div (a, root)  e = Erf (d)  p = Add (e, one)  m = Mul (a, p)  r = Mul (m, half)"],
    ["Gelu", "d = Div (a, root)  e = Erf (d)  p = Add (e, one)  r = Mul (a, p)"],
    ["HardSwish", "p = Add (a, three)  c = Clip (p, zero, six)  m = Mul (a, c)  r = Div (m, six)"],
    ["HardSwish", "p = Add (a, three)  c = Clip (p, zero, six)  r = Mul (a, c)"],
    ["HardSwish", "p = Add (three, a)  c = Clip (p, zero, six)  m = Mul (c, a)  r = Mul (m, half)"],
    ["HardSwish", "p = Add (a, three)  c = Clip (p, zero, six)  h = Mul (a, half)  r = Mul (h, c)"],
    ["HardSwish", "p = Add (a, three)  c = Relu (p)  d = Min (c, six)  r = Mul (a, d)"],
    ["HardSwish", "d = Div (a, six)  p = Add (d, half)  c = Clip (p, zero, one)  r = Mul (c, a)"],
    [
      "HardSwish",
      "d = Div (a, three)  p = Add (d, half)  c = Clip (p, zero, one)  m = Mul (c, a)  r = Mul (m, six)",
    ],
    ["HardSwish", "p = Sub (three, a)  c = Clip (p, zero, six)  d = Sub (six, c)  r = Mul (a, d)"],
    ["HardSwish", "h = Mul (a, half)  s = HardSigmoid (a)  r = Mul (s, h)"],
    ["Clip", "c = Clip (a, zero, six)  r = Mul (a, c)"],
  ])("takes %s: %s", (kind, nodes, opset = 17) => {
    expect(found(`a = Gemm (x, W, B)  ${nodes}  ${END}`, {}, opset)).toEqual({
      sites: [`a: ${kind}`],
      passedOver: [],
    });
  });

  it.each([
    ["the softplus of PyTorch", "s = Softplus (a)  c = Greater (a, six)  r = Where (c, a, s)", true],
    ["x - tanh(x)", "t = Tanh (a)  r = Sub (a, t)", true],
    ["a residual block's inside", "t = Tanh (a)  r = Add (a, t)", true],
    ["a product with something else", "t = Tanh (a)  m = Mul (a, z)  r = Add (m, t)", false],
    ["a function whose part is an output", "t = Tanh (a)  y = Sub (a, t)  r = Relu (a)", false],
  ])("normalizes all or some readers of a layer: %s", (_, nodes, isWhole) => {
    const end = nodes.includes("y =") ? "" : END;
    const { sites } = findSites(model(`a = Gemm (x, W)  ${nodes}  ${end}`));
    expect(sites.map(({ exclusive }) => exclusive)).toEqual([isWhole]);
  });

  it.each([
    ["a MatMul with its Add", "m = MatMul (x, W)  a = Add (m, B)  r = Relu (a)", ["a: Relu"]],
    [
      "branches of a sum",
      "a = Gemm (x, W)  b = Gemm (z, V)  s = Add (a, b)  r = Relu (s)",
      ["a: Relu", "b: Relu"],
    ],
    ["a branch beside a shortcut", "a = Gemm (x, W)  s = Add (z, a)  r = Relu (s)", ["a: Relu"]],
    [
      "branches of a Concat",
      "a = Gemm (x, W)  b = Gemm (z, V)  s = Concat <axis = 1> (a, b)  t = Relu (s)  r = Slice (t, zeros, fours, ones)",
      ["a: Relu", "b: Relu"],
    ],
    [
      "a layer behind views and Dropout",
      "a = Gemm (x, W)  d = Dropout (a)  i = Identity (d)  r = Relu (i)",
      ["a: Relu"],
    ],
    [
      "one layer for two nonlinearities",
      "a = Gemm (x, W)  p = Relu (a)  q = Tanh (a)  r = Add (p, q)",
      ["a: Relu Tanh"],
    ],
  ])("finds %s", (_, nodes, sites) => {
    const slice =
      "zeros = Constant <value_ints = [0]> ()  fours = Constant <value_ints = [4]> ()  ones = Constant <value_ints = [1]> ()";
    expect(found(`${slice} ${nodes}  ${END}`).sites).toEqual(sites);
  });

  it.each([
    ["a gate", "a = Gemm (x, W)  s = Sigmoid (a)  r = Mul (s, z)", "s: is-gate"],
    [
      "a gate that is spelled out",
      "a = Gemm (x, W)  p = Add (a, three)  c = Clip (p, zero, six)  r = Mul (z, c)",
      "c: is-gate",
    ],
    [
      "a value that is normalized already",
      `a = Gemm (x, W)  ${normalize("b", "a", "n")}  r = Relu (b)`,
      "r: is-normalized-already",
    ],
    [
      "a value that is scaled already",
      "a = Gemm (x, W)  b = Mul (a, B)  r = Relu (b)",
      "r: is-scaled-already",
    ],
    ["a value that depends on no layer", "r = Relu (x)", "r: is-fed-by-input"],
    [
      "a product of two values",
      "t = Transpose (z)  m = MatMul (x, t)  q = Relu (m)  r = MatMul (q, z)",
      "q: layer-multiplies-computed-values",
    ],
    [
      "a nonlinearity behind another operator",
      "a = Gemm (x, W)  e = Exp (a)  r = Relu (e)",
      "r: is-fed-by-other-operator",
    ],
    ["Clip that only limits", "a = Gemm (x, W)  c = Clip (a, three, six)  r = Neg (c)", undefined],
  ])("passes over %s", (_, nodes, id) => {
    expect(found(`${nodes}  ${END}`)).toEqual({
      sites: [],
      passedOver: id === undefined ? [] : [id],
    });
  });

  it("names the obstacle in its reasons", () => {
    const { passedOver } = findSites(
      model(`a = Gemm (x, W)  b = Mul (a, B)  p = Relu (b)  e = Exp (p)  r = Relu (e)  ${END}`),
      { include: ["none"] },
    );
    expect(passedOver.map(({ reason }) => reason)).toEqual([
      'Mul "b" scales it already',
      'it is fed by Exp "e"',
    ]);
  });

  it("passes over the nonlinearity that gives the model's output", () => {
    const nodes = "a = Gemm (x, W)  y = Sigmoid (a)";
    expect(found(nodes).passedOver).toEqual(["y: is-model-output"]);
    expect(found(nodes, { outputs: true }).sites).toEqual(["a: Sigmoid"]);
  });

  it("takes gates where they are asked for", () => {
    expect(found(`a = Gemm (x, W)  s = Sigmoid (a)  r = Mul (s, z)  ${END}`, { gates: true }).sites).toEqual([
      "a: Sigmoid",
    ]);
  });

  it.each([
    [{ include: ["a"] }, ["a: Relu"], ["b: is-not-included"]],
    [{ include: ["Tanh"] }, ["b: Tanh"], ["a: is-not-included"]],
    [{ exclude: ["?"] }, [], ["a: is-excluded", "b: is-excluded"]],
    [{ exclude: ["Re*"] }, ["b: Tanh"], ["a: is-excluded"]],
    [{ include: ["Gemm"], exclude: ["b"] }, ["a: Relu"], ["b: is-excluded"]],
  ])("selects by %j", (options, sites, passedOver) => {
    const nodes = `a = Gemm (x, W)  p = Relu (a)  b = Gemm (p, V)  r = Tanh (b)  ${END}`;
    expect(found(nodes, options)).toEqual({ sites, passedOver });
  });

  it("leaves functions alone, and says so", () => {
    const model = modelOf(`<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
      g (float[N,4] x) => (float y) { y = f.Layer (x) }
      <domain: "f", opset_import: ["" : 17]> Layer (v) => (w) { u = MatMul (v, v)  r = Relu (u)  w = Neg (r) }`);
    expect(findSites(model).passedOver).toEqual([
      {
        node: "r",
        opType: "Relu",
        id: "is-in-function",
        reason: expect.stringMatching(/in function Layer,.* inline it first$/),
      },
    ]);
  });

  it("takes the layer before a gated linear unit, and the layer whose half a nonlinearity reads", () => {
    const halves = "[layer] a = MatMul (x, W) p, q = Split <axis = 1> (a)";
    expect(found(`${halves} s = Sigmoid (q) r = Mul (p, s) y = Neg (r)`).sites).toEqual(["layer: Glu"]);
    expect(found(`${halves} s = Tanh (q) r = Mul (p, s) y = Neg (r)`).sites).toEqual(["layer: Tanh"]);
  });
});
