import { describe, expect, it } from "vitest";
import { declaredType, joinTypes } from "../../src/analysis/declared-type.js";
import { symbol } from "../../src/rules/dims.js";
import { parseGraph } from "../../src/text/parse.js";
import { typeText, valueNamed } from "../support/facts.js";

describe("declaredType", () => {
  const model = parseGraph(
    "g (float[N,unk,0] x) => (float[7,3] y) <float[M,2] a, float[] b> { a = Exp (x) b = Neg (a) y = Abs (b) }",
    {
      opset: 17,
    },
  );
  const declared = (name: string): string => typeText(declaredType(valueNamed(model, name), model));

  it("takes symbols from the model's inputs alone, and no placeholder", () => {
    expect(declared("x")).toBe("float[N,?,?]");
    expect(declared("a")).toBe("float[?,2]");
  });

  it("believes no sizes of outputs, and no empty shape inside", () => {
    expect(declared("y")).toBe("float[?,?]");
    expect(declared("b")).toBe("float[...]");
  });
});

describe("joinTypes", () => {
  const tensor = (dtype: "float" | "int64" | undefined, shape: readonly (number | undefined)[] | undefined) =>
    ({ kind: "tensor", dtype, shape }) as const;
  const join = (
    ...types: Parameters<typeof joinTypes> extends [infer A, infer B, unknown] ? [A, B] : never
  ) => {
    const notes: string[] = [];
    return { type: joinTypes(...types, (note) => notes.push(note)), notes };
  };

  it("completes the inferred type", () => {
    expect(join(tensor(undefined, [2, undefined]), tensor("float", [undefined, 3]))).toEqual({
      type: tensor("float", [2, 3]),
      notes: [],
    });
    expect(join(undefined, tensor("float", [1])).type).toEqual(tensor("float", [1]));
  });

  it("lets inference win, and tells each contradiction", () => {
    expect(join(tensor("float", [2]), tensor("int64", [3]))).toEqual({
      type: tensor("float", [2]),
      notes: [expect.stringContaining("int64"), expect.stringContaining("size 3")],
    });
    expect(join(tensor("float", [2]), tensor("float", [2, 2]))).toMatchObject({
      type: tensor("float", [2]),
      notes: [expect.stringContaining("rank")],
    });
    expect(join(tensor("float", [2]), { kind: "map" }).notes).toHaveLength(1);
  });

  it("keeps a symbol beside a number", () => {
    const N = symbol("N");
    const notes: string[] = [];
    expect(
      joinTypes({ kind: "tensor", dtype: "float", shape: [N] }, tensor("float", [3]), (note) =>
        notes.push(note),
      ),
    ).toEqual({ kind: "tensor", dtype: "float", shape: [N] });
    expect(notes).toEqual([]);
  });
});
