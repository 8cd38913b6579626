import { describe, expect, it } from "vitest";
import { staticShape } from "../../src/ir/type.js";
import { Demands } from "../../src/runtime/demands.js";
import { parseModel } from "../../src/text/parse.js";
import { demandOnS, demandText } from "../support/operands.js";

const header = `<ir_version: 8, opset_import: ["" : 17, "local" : 1]>`;

describe("a demand on an input", () => {
  it.each([
    ["Identity and Cast", "float[3,2] x, int32[2] s", "i = Identity(s) t = Cast<to = 7>(i)", "x, t"],
    ["views", "float[3,2] x, int64[1,2] s", "q = Constant<value = int64[1] {0}>() t = Squeeze(s, q)", "x, t"],
    [
      "a Slice",
      "float[3,2] x, int64[4] s",
      "b = Constant<value = int64[1] {1}>() e = Constant<value = int64[1] {3}>() t = Slice(s, b, e)",
      "x, t",
    ],
    [
      "a Gather",
      "float[3,2] x, int64[4] s",
      "p = Constant<value = int64[2] {-1, 0}>() t = Gather(s, p)",
      "x, t",
    ],
    [
      "a Split",
      "float[3,2] x, int64[4] s",
      "l = Constant<value = int64[2] {1, 3}>() u, v = Split(s, l) e = Constant<value = int64[1] {-1}>() t = Concat<axis = 0>(e, u)",
      "x, t",
    ],
    [
      "a Concat",
      "float[3,2] x, int64[1] s",
      "k = Constant<value = int64[1] {2}>() t = Concat<axis = 0>(k, s)",
      "x, t",
    ],
  ])("goes through %s", (name, inputs, nodes, operands) => {
    const expected = { "a Slice": "_ 3 2 _", "a Gather": "2 _ _ 3", "a Concat": "2", "a Split": "2 _ _ _" }[
      name
    ];
    expect(demandOnS(`g (${inputs}) => (float y) { ${nodes} y = Reshape(${operands}) }`)).toBe(
      expected ?? "3 2",
    );
  });

  it("is a range through whatever moves elements", () => {
    const moved = "a = Transpose(s) b = Reshape(a, k) c = Where(p, b, b) d = Concat<axis = 0>(c, c)";
    expect(
      demandOnS(
        `g (float[5,2] x, int64[2,3] s, bool p) => (float y) <int64[1] k = {-1}> { ${moved} y = Gather(x, d) }`,
      ),
    ).toBe("whole [0, 5)");
    // A condition is no data, and a sum is no move.
    expect(
      demandOnS("g (float[5] x, bool[5] s) => (float y) { t = Where(s, x, x) y = Sqrt(t) }"),
    ).toBeUndefined();
    expect(demandOnS("g (float[5] s) => (float y) { t = Add(s, s) y = Sqrt(t) }")).toBeUndefined();
  });

  it("suits several readers", () => {
    const both = "u = Gather(x, s) v = Gather(z, s) y = Concat<axis = 0>(u, v)";
    expect(demandOnS(`g (float[5] x, float[3] z, int64[2] s) => (float y) { ${both} }`)).toBe("whole [0, 3)");
    const parts =
      "a = Slice(s, o, i) b = Slice(s, i, w) u = Reshape(x, a) v = Reshape(z, b) y = Concat<axis = 0>(u, v)";
    expect(
      demandOnS(
        `g (float[5] x, float[5] z, int64[2] s) => (float y) <int64[1] o = {0}, int64[1] i = {1}, int64[1] w = {2}> { ${parts} }`,
      ),
    ).toBe("5 5");
  });

  it("goes into bodies and functions", () => {
    const body =
      "body = b (int64 i, bool c, int64[2] a) => (bool d, int64[2] e, float f) { d = Identity(c) e = Identity(a) f = Reshape(x, a) }";
    expect(
      demandOnS(
        `g (int64 n, float[3,2] x, int64[2] s) => (int64[2] y, float z) { y, z = Loop<${body}>(n, , s) }`,
      ),
    ).toBe("3 2");
    const branch =
      "then_branch = t () => (u) { u = Reshape(x, s) }, else_branch = e () => (v) { v = Reshape(x, s) }";
    expect(demandOnS(`g (bool p, float[3,2] x, int64[2] s) => (float y) { y = If<${branch}>(p) }`)).toBe(
      "3 2",
    );
    const model = parseModel(`${header} g (float[3] x, int64[2] s) => (float y) { y = local.pick(x, s) }
      <domain: "local", opset_import: ["" : 17]> pick (a, b) => (c) { c = TopK(a, b) }`);
    const [x, s] = model.graph.inputs;
    if (x === undefined || s === undefined) throw new Error("no inputs");
    const sizes = new Map([x, s].map((input) => [input, staticShape(input.type) ?? []]));
    expect(demandText(new Demands(model).of(s, sizes, true))).toBe("2");
  });

  it("asks about sizes inside the model", () => {
    const pool = "t = MaxPool<kernel_shape = [2,2], strides = [2,2]>(x) y = Reshape(t, s)";
    expect(demandOnS(`g (float[1,3,8,6] x, int64[2] s) => (float y) { ${pool} }`)).toBe("6 6");
  });

  it("takes a size declared behind functions of single elements", () => {
    const text = (last: string): string =>
      `g (float[4,6] x, int64[2] s) => (float[8,3] y) { t = Reshape(x, s) u = Relu(t) ${last} }`;
    expect(demandOnS(text("y = Identity(u)"))).toBe("8 3");
    expect(demandOnS(text("y = Transpose(u)"))).toBe("6 4");
  });

  it("is no function's that only has an operator's name", () => {
    const model =
      parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[2] s) => (float[2] y) { y = Sqrt(s) }
      <domain: "", opset_import: ["" : 17]> Sqrt (a) => (b) { b = Neg(a) }`);
    const [s] = model.graph.inputs;
    expect(s && new Demands(model).of(s, new Map([[s, [2]]]), true)).toBeUndefined();
  });
});
