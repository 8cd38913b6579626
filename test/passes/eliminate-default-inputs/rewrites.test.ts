import { describe, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { constant } from "../../support/text.js";

const PASS = { passes: ["eliminate-default-inputs", "eliminate-dead"], shapes: { x: [3, 2, 4] } };
const ALONE = { passes: ["eliminate-default-inputs"], shapes: { x: [3, 2, 4] } };
const zeros = (name: string, ...dims: readonly number[]): string =>
  `float[${dims.join(",")}] ${name} = {${new Array<number>(dims.reduce((size, dim) => size * dim, 1)).fill(0).join(", ")}}`;

function recurrent(gates: number, nodes: string, ...more: readonly string[]): string {
  const weights = [
    constant("W", [1, gates * 2, 4]),
    constant("R", [1, gates * 2, 2]),
    constant("B", [1, gates * 4]),
  ];
  return `g (float[T,N,4] x) => (y) <${[...weights, ...more, "int64[1] one = {1}, int64[1] two = {2}, int64 axis = {1}"].join(", ")}> { ${nodes} }`;
}

const STATE = "s = Shape (x) n = Gather (s, one) t = Concat <axis = 0> (one, n, two) h = ConstantOfShape (t)";

describe("inputs of zeros", () => {
  it.each([
    [
      "initial states of a computed size",
      4,
      `${STATE} y, a, b = LSTM <hidden_size = 2> (x, W, R, B, , h, h)`,
      "y, a, b = LSTM(x, W, R, B)",
    ],
    [
      "zeros that are expanded",
      3,
      `${STATE} k = Expand (z, t) y, a = GRU <hidden_size = 2> (x, W, R, B, , k)`,
      "y, a = GRU(x, W, R, B)",
    ],
    ["a bias", 1, "y, a = RNN <hidden_size = 2> (x, W, R, none)", "y, a = RNN(x, W, R)"],
    ["peepholes", 4, "y, a, b = LSTM <hidden_size = 2> (x, W, R, B, , , , p)", "y, a, b = LSTM(x, W, R, B)"],
  ])("%s", async (_, gates, nodes, after) => {
    const constants = [zeros("z", 1, 1, 1), zeros("none", 1, 4), zeros("p", 1, 6)];
    await expectRewrite(recurrent(gates, nodes, ...constants), [after], PASS);
  });

  it.each([
    [
      "ones stay",
      `${STATE.replace("ConstantOfShape", "ConstantOfShape <value = float[1] {1}>")} y, a, b = LSTM <hidden_size = 2> (x, W, R, B, , h, h)`,
    ],
    [
      "a state that is computed stays",
      "s = ReduceMean <axes = [0], keepdims = 1> (x) k = Split <axis = 2> (s) h, j = Split <axis = 2> (k) y, a, b = LSTM <hidden_size = 2> (x, W, R, B, , h, h)",
    ],
    ["the bias of an LSTM that has one stays", "y, a, b = LSTM <hidden_size = 2> (x, W, R, B)"],
  ])("%s", async (_, nodes) => {
    await expectRefused(recurrent(4, nodes), undefined, ALONE);
  });

  it("a function of the model that is called LSTM is none", async () => {
    await expectRefused(
      `<ir_version: 8, opset_import: ["" : 17]>
       g (float[3] x) => (y) <float[3] z = {0, 0, 0}> { y = LSTM (x, x, x, z) }
       <opset_import: ["" : 17]> LSTM (a, b, c, d) => (y) { y = Sum (a, b, c, d) }`,
      undefined,
      { passes: ["eliminate-default-inputs"], runnable: "maybe" },
    );
  });
});
