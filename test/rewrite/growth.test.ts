import { describe, expect, it } from "vitest";
import { encodeToBytes } from "../../src/proto/encode.js";
import { expectRefused, expectRewrite, rewrite } from "../support/rewrite.js";

const FOLD = ["fold-constants", "eliminate-dead"];

/** One Add for each constant of so many elements, which is made from 8 bytes. */
function formulas(...sizes: readonly number[]): string {
  const constants = sizes.map((size, i) => `int64[1] n${i} = {${size}}`);
  const nodes = sizes.map(
    (_, i) => `k${i} = ConstantOfShape <value = float[1] {${i + 1}.5}> (n${i}) y${i} = Add (x${i}, k${i})`,
  );
  const inputs = sizes.map((size, i) => `float[${size}] x${i}`);
  const outputs = sizes.map((_, i) => `y${i}`);
  return `g (${inputs.join(", ")}) => (${outputs.join(", ")}) <${constants.join(", ")}> { ${nodes.join(" ")} }`;
}

const made = (i: number): string => `y${i} = Add(x${i}, k${i})`;
const kept = (i: number): string => `k${i} = ConstantOfShape(n${i})`;

describe("the growth limit", () => {
  it("makes all constants that fit together", async () => {
    await expectRewrite(formulas(1000, 500), [made(0), made(1)], { passes: FOLD, growthLimit: 5984 });
  });

  it("makes none of those that do not fit together, so that a second run makes none either", async () => {
    await expectRefused(formulas(1000, 500), /with others like it 5984, more than the growth limit of 5983/, {
      passes: FOLD,
      growthLimit: 5983,
    });
  });

  it("makes the others beside one that exceeds the limit alone", async () => {
    const { refusalText } = await expectRewrite(formulas(2000, 500), [kept(0), made(0), made(1)], {
      passes: FOLD,
      growthLimit: 5000,
    });
    expect(refusalText).toMatch(/adds 7992 bytes, more than the growth limit of 5000/);
  });

  it("makes small ones although the large ones are too large", async () => {
    const outcome = await rewrite(formulas(5000, 3, 5000), { passes: FOLD, growthLimit: 20_000 });
    expect(outcome.ops).toEqual([kept(0), made(0), made(1), kept(2), made(2)]);
  });

  it("credits an unused constant to the one result that was computed from it", async () => {
    const text = `g (float[4,4] x) => (y) <float[4,4] w = {${Array.from({ length: 16 }, (_, i) => i).join(", ")}}>
      { a = Exp (w) b = Neg (a) y = Add (x, b) }`;
    await expectRewrite(text, ["y = Add(x, b)"], { passes: FOLD, growthLimit: 0 });
  });

  it("credits no result with a constant that two results come from", async () => {
    const text = `g (float[4,4] x) => (y, z) <float[4,4] w = {${Array.from({ length: 16 }, (_, i) => i).join(", ")}}>
      { a = Exp (w) b = Neg (w) y = Add (x, a) z = Mul (x, b) }`;
    await expectRefused(text, /adds 64 bytes/, { passes: FOLD, growthLimit: 63 });
    const { original, model } = await expectRewrite(text, ["y = Add(x, a)", "z = Mul(x, b)"], {
      passes: FOLD,
      growthLimit: 128,
    });
    expect(encodeToBytes(model).length - encodeToBytes(original).length).toBeLessThan(128);
  });
});
