import { expect, test } from "vitest";
import { defined } from "../../src/base/optional.js";

interface Options {
  readonly name: string;
  readonly seed?: number;
  readonly labels?: readonly string[] | null;
}

test("undefined fields are left out, all others stay in their order", () => {
  const seed: number | undefined = undefined;
  const labels: readonly string[] | null | undefined = null;
  const options: Options = defined({ labels, seed, name: "" });
  expect(Object.entries(options)).toEqual([
    ["labels", null],
    ["name", ""],
  ]);
});

test("optional fields of another record may be passed on", () => {
  const given: Options = { name: "a" };
  const options: Options = { name: "b", ...defined({ seed: given.seed, labels: given.labels }) };
  expect(options).toStrictEqual({ name: "b" });
});

test("a field that is always there keeps its type", () => {
  const options: { readonly name: string } = defined({ name: "a", seed: 1 as number | undefined });
  expect(options).toStrictEqual({ name: "a", seed: 1 });
});
