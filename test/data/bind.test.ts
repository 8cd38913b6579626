import { describe, expect, it } from "vitest";
import { bindDataset, type Preparation, type Slot } from "../../src/data/bind.js";
import { tensorDataset } from "../../src/data/memory.js";
import type { DType } from "../../src/ir/dtype.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { tensorSize } from "../../src/runtime/runtime.js";

const tensor = (dtype: DType, dims: readonly number[], values: readonly number[]) => ({
  dtype,
  dims,
  data: encodeNumbers(dtype, values),
});
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

type Fields = Readonly<Record<string, ReturnType<typeof tensor>>>;

async function bound(
  fields: Fields,
  slots: readonly Slot[],
  preparation?: Preparation,
): Promise<Record<string, unknown>> {
  const dataset = bindDataset(tensorDataset(fields), slots, preparation);
  for await (const batch of dataset.batches({ size: 100 })) {
    return Object.fromEntries(
      [...batch.tensors].map(([name, { dtype, dims, data }]) => {
        if (!(data instanceof Uint8Array)) throw new Error("numbers");
        return [name, { dtype, dims, values: [...decodeNumbers(dtype, data, tensorSize(dims))] }];
      }),
    );
  }
  throw new Error("a batch");
}

const slot = (shape: Slot["shape"], dtype: DType = "float", name = "x"): Slot => ({ name, dtype, shape });

describe("bindDataset", () => {
  it("binds by name, else in order, and passes labels on", async () => {
    const fields = {
      labels: tensor("int64", [2], [1, 0]),
      b: tensor("float", [2, 1], [1, 2]),
      a: tensor("float", [2, 1], [3, 4]),
    };
    const named = await bound(fields, [slot(["N", 1], "float", "a"), slot(["N", 1], "float", "b")]);
    expect(named).toMatchObject({ a: { values: [3, 4] }, b: { values: [1, 2] }, labels: { values: [1, 0] } });
    const inOrder = await bound(fields, [slot(["N", 1])]);
    expect(inOrder).toMatchObject({ x: { values: [1, 2] } });
  });

  it("reshapes samples of as many elements, and converts their type", async () => {
    expect(await bound({ x: tensor("uint8", [1, 2, 2], [1, 2, 3, 4]) }, [slot(["N", 4])])).toEqual({
      x: { dtype: "float", dims: [1, 4], values: [1, 2, 3, 4] },
    });
    expect(
      await bound({ x: tensor("float", [1, 2, 2], [1, 2, 3, 4]) }, [slot(["N", 1, "H", "W"])]),
    ).toMatchObject({
      x: { dims: [1, 1, 2, 2] },
    });
    expect(await bound({ x: tensor("float", [2], [3, 7]) }, [slot(["N"], "int64")])).toEqual({
      x: { dtype: "int64", dims: [2], values: [3, 7] },
    });
  });

  it("moves channels to the front where the input has them there", async () => {
    expect(await bound({ x: tensor("float", [1, 2, 2, 3], upTo(12)) }, [slot(["N", 3, 2, 2])])).toEqual({
      x: { dtype: "float", dims: [1, 3, 2, 2], values: [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11] },
    });
  });

  it("scales, shifts and divides channel by channel", async () => {
    const image = { x: tensor("uint8", [1, 2, 1, 2], [0, 255, 51, 102]) };
    expect(await bound(image, [slot(["N", 2, 1, 2])], { scale: 1 / 255 })).toMatchObject({
      x: { values: [0, 1, Math.fround(0.2), Math.fround(0.4)] },
    });
    expect(
      await bound({ x: tensor("float", [1, 3, 1, 1], [1, 2, 3]) }, [slot(["N", 3, 1, 1])], {
        mean: [1, 1, 1],
        std: [1, 2, 4],
      }),
    ).toMatchObject({ x: { values: [0, 0.5, 0.5] } });
  });

  it.each<[string, Fields, Slot, Preparation?]>([
    ["other sizes", { x: tensor("float", [1, 5], upTo(5)) }, slot(["N", 4])],
    ["a std of zero", { x: tensor("float", [1, 3], upTo(3)) }, slot(["N", 3]), { std: [0] }],
    [
      "means for other channels",
      { x: tensor("float", [1, 3, 1, 1], upTo(3)) },
      slot(["N", 3, 1, 1]),
      { mean: [1, 2] },
    ],
    ["numbers for text", { x: tensor("float", [1, 1], [1]) }, slot(["N", 1], "string")],
  ])("refuses %s", async (_, fields, wanted, preparation) => {
    await expect(bound(fields, [wanted], preparation)).rejects.toMatchObject({ name: "NormfoldError" });
  });

  it("refuses NaN, and fractions for integers, with the sample", async () => {
    await expect(bound({ x: tensor("float", [3, 1], [1, Number.NaN, 2]) }, [slot(["N", 1])])).rejects.toThrow(
      /1/,
    );
    await expect(
      bound({ x: tensor("float", [1, 1], [0.5]) }, [slot(["N", 1], "int64")]),
    ).rejects.toMatchObject({
      name: "NormfoldError",
    });
  });
});
