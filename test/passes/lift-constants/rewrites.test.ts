import { describe, expect, it } from "vitest";
import { expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,5,6] x";

describe("lift-constants", () => {
  it("every form, with its type and shape", async () => {
    const { model } = await expectRewrite(
      graphText(
        X,
        [],
        `a = Constant <value_float = 2.5> () b = Mul (x, a) c = Constant <value_floats = [1.5]> () d = Mul (c, b)
         e = Constant <value_ints = [0, 1, 2]> () f = Transpose <perm = [0, 1, 2]> (d) g = Constant <value_int = 1> ()
         h = Gather <axis = 1> (f, e) y = Gather <axis = 2> (h, g)`,
      ),
      ["b = Mul(x, a)", "d = Mul(c, b)", "f = Transpose(d)", "h = Gather(f, e)", "y = Gather(h, g)"],
      { passes: ["lift-constants"] },
    );
    const types = [...model.graph.initializers].map(({ tensor }) => `${tensor?.dtype}[${tensor?.dims}]`);
    expect(types).toEqual(["float[]", "float[1]", "int64[3]", "int64[]"]);
  });

  it("64-bit integers keep every bit", async () => {
    const { model } = await rewrite(
      graphText(
        "int64[N] x",
        [],
        `a = Constant <value_int = 9223372036854775807> () b = Constant <value_ints = [-9223372036854775807]> ()
         c = Add (x, a) y = Add (c, b)`,
      ),
      { passes: ["lift-constants"] },
    );
    const values = [...model.graph.initializers].map(
      ({ tensor }) => new BigInt64Array(tensor?.bytes().slice().buffer ?? new ArrayBuffer(0))[0],
    );
    expect(values).toEqual([9223372036854775807n, -9223372036854775807n]);
  });

  it("a graph output is a constant", async () => {
    const { model } = await expectRewrite(
      graphText(X, [], "y = Relu (x) z = Constant <value_float = 1.0> ()", "y, z"),
      ["y = Relu(x)"],
    );
    expect(model.graph.outputs.map(({ name, tensor }) => [name, tensor?.dims])).toEqual([
      ["y", undefined],
      ["z", []],
    ]);
  });
});
