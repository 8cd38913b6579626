import { describe, expect, it } from "vitest";
import { check } from "../../src/library/check.js";
import { borders } from "../../src/staging/borders.js";
import { runtimeForm } from "../../src/staging/form.js";
import { modelOf } from "../support/runtime.js";

const OPSET = 21;

/** The inputs and outputs in the runtime's form, by name. */
function signature(text: string): string[][] {
  const { graph } = runtimeForm(modelOf(text, OPSET));
  return [graph.inputs, graph.outputs].map((values) => values.map(({ name }) => name));
}

async function statusOf(before: string, after = before): Promise<string> {
  const { status, reason, sets, uncompared } = await check(modelOf(before, OPSET), modelOf(after, OPSET), {
    seed: 1,
  });
  expect(uncompared).toEqual([]);
  return status === "equal" ? `equal in ${sets[0]?.outputs.length}` : `${status}: ${reason}`;
}

const inSequence = (node: string): string =>
  `g (float[2,3] x, float[4,1] z) => (seq(float) y) { n = ${node} y = SequenceConstruct(n, x, z) }`;

describe("the borders of a model", () => {
  it("stay where the runtime carries all types", () => {
    expect(
      borders.isNeeded(
        modelOf("g (float[2] x, string[2] s) => (float[2] y, string[2] t) { y = Neg(x) t = Identity(s) }"),
      ),
    ).toBe(false);
  });

  it.each(["bfloat16", "float8e4m3fn", "float8e5m2"])("carry %s as float", async (type) => {
    const text = `g (${type}[3] x) => (${type}[3] y) { a = Cast<to = 1>(x) b = Neg(a) y = CastLike(b, x) }`;
    expect(signature(text)).toEqual([["x"], ["y"]]);
    expect(await statusOf(text)).toBe("equal in 1");
    expect(await statusOf(text, text.replace("Neg", "Abs"))).toMatch(/^differs/);
  });

  it.each(["int4", "uint4"])("carry %s as 8 bits", async (type) => {
    const text = `g (${type}[3] x) => (${type}[3] y) { a = Cast<to = 1>(x) y = CastLike(a, x) }`;
    expect(await statusOf(text)).toBe("equal in 1");
  });

  it("give a sequence as its elements and sizes, empty ones too", async () => {
    expect(signature(inSequence("Neg(x)"))).toEqual([
      ["x", "z"],
      ["y", "y sizes"],
    ]);
    expect(await statusOf(inSequence("Neg(x)"))).toBe("equal in 2");
    expect(await statusOf(inSequence("Neg(x)"), inSequence("Abs(x)"))).toMatch(/^differs: output "y"/);
    expect(await statusOf(inSequence("Neg(x)"), inSequence("Transpose(x)"))).toMatch(/^differs/);
    expect(
      await statusOf(
        "g (float[2] x) => (seq(int64) y, float[2] z) { y = SequenceEmpty<dtype = 7>() z = Neg(x) }",
      ),
    ).toBe("equal in 3");
  });

  it("give sequences of strings", async () => {
    expect(await statusOf("g (string[2] x) => (seq(string) y) { y = SequenceConstruct(x, x) }")).toBe(
      "equal in 2",
    );
  });

  it("make a sequence of two inputs", async () => {
    const text = "g (seq(float[2,3]) s) => (float y) { y = ConcatFromSequence<axis = 0>(s) }";
    expect(signature(text)).toEqual([["s [0]", "s [1]"], ["y"]]);
    expect(await statusOf(text)).toBe("equal in 1");
    expect(await statusOf(text, text.replace("axis = 0", "axis = 1"))).toMatch(/^differs/);
  });

  it("give an optional value as whether it is there, and what it holds", async () => {
    const text =
      "g (optional(float[2]) o) => (bool h, float[2] y) { h = OptionalHasElement(o) y = OptionalGetElement(o) }";
    expect(await statusOf(text)).toBe("equal in 2");
    const sequence = "g (optional(seq(float[2])) o) => (seq(float) y) { y = OptionalGetElement(o) }";
    expect(signature(sequence)[0]).toEqual(["o [0]", "o [1]"]);
    expect(await statusOf(sequence)).toBe("equal in 2");
    const output = "g (float[2] x) => (optional(float[2]) y) { y = Optional(x) }";
    expect(signature(output)[1]).toEqual(["y", "y present"]);
    expect(await statusOf(output)).toBe("equal in 2");
  });

  it("stay where an input is an output", () => {
    const text = "g (bfloat16[2] x) => (bfloat16[2] x, float[2] y) { y = Cast<to = 1>(x) }";
    const { graph } = runtimeForm(modelOf(text, OPSET));
    expect(graph.inputs.map(({ type }) => type?.kind === "tensor" && type.dtype)).toEqual(["bfloat16"]);
  });
});
