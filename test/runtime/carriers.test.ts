import { expect, it } from "vitest";
import { carried, carrierOf, elementNames } from "../../src/runtime/carriers.js";
import { numbers, tensor } from "../support/runtime.js";

it("carries narrow types in wider ones without a loss", () => {
  const narrow = tensor("bfloat16", [2, 2], [1.5, -0.25, 3, 0]);
  expect(carried(narrow).dtype).toBe("float");
  expect(numbers(carried(narrow))).toEqual([1.5, -0.25, 3, 0]);
  expect(numbers(carried(tensor("int4", [3], [-8, 7, 1])))).toEqual([-8, 7, 1]);
  expect(carried(tensor("uint4", [3], [15, 7, 1]))).toMatchObject({ dtype: "uint8", dims: [3] });
});

it("leaves what crosses as it is, and what nothing carries", () => {
  const plain = tensor("float16", [1], [1]);
  expect(carried(plain)).toBe(plain);
  expect(carrierOf("complex64")).toBe("complex64");
});

it("names the elements of a sequence", () => {
  expect(elementNames("s")).toEqual(["s [0]", "s [1]"]);
});
