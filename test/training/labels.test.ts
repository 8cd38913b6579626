import { describe, expect, it } from "vitest";
import type { DType } from "../../src/ir/dtype.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { parseGraph } from "../../src/text/parse.js";
import { assertLabels, labelsOf } from "../../src/training/labels.js";

const model = parseGraph("g (int64[N] c, float[N,1] v, float[N,2] w) => (float[N,2] y) { y = Add (v, w) }", {
  opset: 17,
});
const tensor = (dtype: DType, dims: readonly number[], ...values: readonly number[]) => ({
  dtype,
  dims,
  data: encodeNumbers(dtype, values),
});

describe("labelsOf", () => {
  const labels = (given: ReturnType<typeof tensor>, name: string): unknown => {
    const { dtype, dims, data } = labelsOf(new Map([["labels", given]]), model, name);
    if (!(data instanceof Uint8Array)) throw new Error("numbers");
    return [
      dtype,
      dims,
      [
        ...decodeNumbers(
          dtype,
          data,
          dims.reduce((size, dim) => size * dim, 1),
        ),
      ],
    ];
  };

  it("takes one number a sample as [N] or as [N,1], in the type of the input", () => {
    expect(labels(tensor("uint8", [2, 1], 1, 0), "c")).toEqual(["int64", [2], [1, 0]]);
    expect(labels(tensor("int64", [2], 1, 0), "v")).toEqual(["float", [2, 1], [1, 0]]);
    expect(labels(tensor("float", [1, 2], 0.5, 1), "w")).toEqual(["float", [1, 2], [0.5, 1]]);
  });

  it("refuses none, other sizes and fractions of classes", () => {
    expect(() => labelsOf(new Map(), model, "c")).toThrow(expect.objectContaining({ name: "NormfoldError" }));
    expect(() => labels(tensor("float", [2, 3], 1, 2, 3, 4, 5, 6), "w")).toThrow(
      expect.objectContaining({ id: "label-shape-differs" }),
    );
    expect(() => labels(tensor("float", [1], 0.5), "c")).toThrow(
      expect.objectContaining({ id: "label-is-not-whole" }),
    );
  });
});

describe("assertLabels", () => {
  const loss = { kind: "cross-entropy" as const, ignoreIndex: -1 };

  it("names the sample of a label that is no class", () => {
    expect(() => assertLabels(tensor("int64", [3], 0, -1, 2), loss, 3, undefined)).not.toThrow();
    expect(() => assertLabels(tensor("int64", [2], 0, 3), loss, 3, [40, 41])).toThrow(
      expect.objectContaining({ id: "label-is-no-class", message: expect.stringMatching(/sample 41/) }),
    );
    expect(() => assertLabels(tensor("int64", [1], -2), loss, 3, undefined)).toThrow(
      expect.objectContaining({ code: "invalid" }),
    );
  });

  it("accepts all labels for other losses", () => {
    expect(() => assertLabels(tensor("float", [1], 0.5), { kind: "mse" }, 3, undefined)).not.toThrow();
  });
});
