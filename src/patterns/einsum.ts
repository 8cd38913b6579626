import { tensorFromNumbers } from "../ir/tensor.js";
import { sameDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import type { CompoundInput } from "./compound.js";
import { any, op } from "./match.js";
import { FLOATS, type Meaning, type Spelling } from "./reading.js";

/** The letters of the operands and of the result. */
interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

/** An equation that names its result and no axis twice within a term; undefined for others, which compute diagonals or guess. */
function parse(text: string): Equation | undefined {
  const [terms, result, ...more] = text.replaceAll(" ", "").split("->");
  if (terms === undefined || result === undefined || more.length > 0) return undefined;
  const operands = terms.split(",");
  const isPlain = [...operands, result].every(
    (term) => /^[A-Za-z]*$/.test(term) && new Set(term).size === term.length,
  );
  return isPlain ? { operands, result } : undefined;
}

/** The places in `of` of the letters in `letters`. */
const placesOf = (letters: string, of: string): readonly number[] =>
  [...letters].map((letter) => of.indexOf(letter));

/** One operand: its axes in another order, or its sum over some of them. */
function ofOne(operand: string, result: string, input: CompoundInput, opset: number): Meaning | undefined {
  const perm = placesOf(result, operand);
  if (perm.includes(-1)) return undefined;
  if (perm.length === operand.length)
    return { opType: "Transpose", inputs: [input], attributes: { perm }, since: 1 };
  if (perm.some((place, i) => place < (perm[i - 1] ?? 0))) return undefined;
  const axes = [...operand].flatMap((letter, axis) => (result.includes(letter) ? [] : [axis]));
  if (opset < 13)
    return { opType: "ReduceSum", inputs: [input], attributes: { axes, keepdims: 0 }, since: 1 };
  const constant = { constant: tensorFromNumbers("int64", [axes.length], axes), name: "axes" };
  return { opType: "ReduceSum", inputs: [input, constant], attributes: { keepdims: 0 }, since: 13 };
}

/** Whether a product of matrices gives the result: rows of the left times columns of the right, batches by MatMul's broadcasting. */
function isMatMul(left: string, right: string, result: string): boolean {
  const [inner] = left.slice(-1);
  if (inner === undefined || result.includes(inner)) return false;
  if (right === inner) return left.length > 1 && result === left.slice(0, -1);
  const column = right.at(-1) ?? "";
  if (right.at(-2) !== inner || left.includes(column)) return false;
  const [rows, batch, other] = [left.slice(0, -1), left.slice(0, -2), right.slice(0, -2)];
  if (left.length === 1) return result === other + column;
  const row = rows.slice(-1);
  if (right.includes(row)) return false;
  if (other === "" || other === batch) return result === rows + column;
  return batch === "" && result === other + row + column;
}

/** Whether one operand has all axes of the result, and the other its last ones. */
const isProduct = (left: string, right: string, result: string): boolean =>
  left === result && result.endsWith(right);

function letterSizesAgree(
  { operands }: Equation,
  values: readonly (Parameters<Facts["shape"]>[0] | null)[],
  facts: Facts,
): boolean {
  const sizes = new Map<string, NonNullable<ReturnType<Facts["shape"]>>[number]>();
  for (const [at, letters] of operands.entries()) {
    const value = values[at];
    const shape = value === undefined || value === null ? undefined : facts.shape(value);
    if (shape?.length !== letters.length) return false;
    for (const [axis, letter] of [...letters].entries()) {
      const [size, known] = [shape[axis], sizes.get(letter)];
      if (size === undefined || (known !== undefined && !sameDim(known, size))) return false;
      sizes.set(letter, size);
    }
  }
  return true;
}

/** An Einsum that is one other operator. Its letters have to have the same sizes everywhere, because it broadcasts a size of 1. */
const einsum: Spelling = {
  ends: ["Einsum"],
  dtypes: FLOATS,
  read: op("Einsum", [any("x")]),
  meaning: (_, { facts, root, opset }) => {
    const equation = parse(root.string("equation") ?? "");
    const { inputs } = root;
    if (equation === undefined || equation.operands.length !== inputs.length) return undefined;
    if (!letterSizesAgree(equation, inputs, facts)) return undefined;
    const { operands, result } = equation;
    const [left = "", right = ""] = operands;
    const [first = null, second = null] = inputs;
    if (inputs.length === 1) return ofOne(left, result, first, opset);
    if (inputs.length !== 2) return undefined;
    if (isMatMul(left, right, result)) return { opType: "MatMul", inputs: [first, second], since: 1 };
    if (isMatMul(right, left, result)) return { opType: "MatMul", inputs: [second, first], since: 1 };
    const multiplies = isProduct(left, right, result) || isProduct(right, left, result);
    return multiplies ? { opType: "Mul", inputs: [first, second], since: 7 } : undefined;
  },
};

export const EINSUMS: readonly Spelling[] = [einsum];
