import type { SpecialValue } from "../base/special-values.js";
import { type DType, dtypeCode } from "../ir/dtype.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { exactDiv, type MaybeDim, mul, sameShape } from "../rules/dims.js";
import type { CompoundInput } from "./compound.js";
import { any, bound, boundsKeepShape, clipped, commutative, op, scalar } from "./match.js";
import { FLOATS, HALF_AND_FLOAT, numberOf, type Spelling, valueNamed, withFloats } from "./reading.js";

const x = any("x");

/** The permutation of the six axes in between, for each operator that the three operators spell out. */
const ARRANGEMENTS = [
  { opType: "DepthToSpace", mode: "DCR", since: 1, perm: [0, 3, 4, 1, 5, 2] },
  { opType: "DepthToSpace", mode: "CRD", since: 11, perm: [0, 1, 4, 2, 5, 3] },
  { opType: "SpaceToDepth", mode: undefined, since: 1, perm: [0, 3, 5, 1, 2, 4] },
] as const;

type Arrangement = (typeof ARRANGEMENTS)[number];

/** The sizes of the intermediate and of the result for blocks of b x b. */
function sizesOf(
  { opType, mode }: Arrangement,
  [n, c, h, w]: readonly MaybeDim[],
  b: number,
): { readonly split: readonly MaybeDim[]; readonly result: readonly MaybeDim[] } {
  if (opType === "SpaceToDepth") {
    const [rows, columns] = [exactDiv(h, b), exactDiv(w, b)];
    return { split: [n, c, rows, b, columns, b], result: [n, mul(c, b * b), rows, columns] };
  }
  const depth = exactDiv(c, b * b);
  const split = mode === "DCR" ? [n, b, b, depth, h, w] : [n, depth, b, b, h, w];
  return { split, result: [n, depth, mul(h, b), mul(w, b)] };
}

/** Reshape to six sizes, Transpose, Reshape: blocks of channels become pixels, or pixels channels. */
const blocks: Spelling = {
  ends: ["Reshape"],
  dtypes: FLOATS,
  numerics: "exact",
  read: op("Reshape", [op("Transpose", [op("Reshape", [x])])]),
  meaning: (found, { facts, root, opset }) => {
    const input = valueNamed(found, "x");
    const transpose = root.input(0)?.producer;
    const [between, output] = [transpose?.input(0), root.output(0)];
    const perm = transpose?.ints("perm");
    if (input === undefined || between === undefined || output === undefined || perm === undefined)
      return undefined;
    const [shape, split] = [facts.shape(input), facts.shape(between)];
    if (shape?.length !== 4 || split === undefined) return undefined;
    for (const arrangement of ARRANGEMENTS) {
      if (String(arrangement.perm) !== String(perm)) continue;
      const b = split[arrangement.opType === "SpaceToDepth" ? 3 : 2];
      if (typeof b !== "number" || b < 2) continue;
      const expected = sizesOf(arrangement, shape, b);
      if (!sameShape(split, expected.split) || !sameShape(facts.shape(output), expected.result)) continue;
      const { opType, mode, since } = arrangement;
      const attributes = mode === undefined || opset < 11 ? { blocksize: b } : { blocksize: b, mode };
      return { opType, inputs: [input], attributes, since };
    }
    return undefined;
  },
};

/** max(x, 0) */
const relu: Spelling = {
  ends: ["Max"],
  dtypes: FLOATS,
  numerics: "exact",
  mayChange: ["negative-zero"],
  read: commutative("Max", x, bound("low bound", scalar("low"))),
  meaning: (found, { facts }) => {
    const input = valueNamed(found, "x");
    if (input === undefined || numberOf(found, "low") !== 0 || !boundsKeepShape(found, input, facts))
      return undefined;
    return { opType: "Relu", inputs: [input], since: 6 };
  },
};

/** min(max(x, low), high). From opset 11 on the bounds are inputs, which must be scalars of rank 0. */
const clip: Spelling = {
  ends: ["Max", "Min", "Relu"],
  dtypes: [...FLOATS, "int32", "int64"],
  numerics: "exact",
  read: clipped(x),
  meaning: (found, { facts, dtype, opset }) => {
    const input = valueNamed(found, "x");
    const [low, high] = [numberOf(found, "low"), numberOf(found, "high")];
    if (input === undefined || dtype === undefined || !boundsKeepShape(found, input, facts)) return undefined;
    // With crossed bounds the order of Min and Max would matter.
    if (!(low <= high) || (opset < 12 && !HALF_AND_FLOAT.includes(dtype))) return undefined;
    // Of -0 and a bound of 0, Max gives the bound and Clip what it was given.
    const mayChange: readonly SpecialValue[] = low === 0 || high === 0 ? ["negative-zero"] : [];
    const meaning = { opType: "Clip", since: 6, mayChange } as const;
    if (opset < 11) return { ...meaning, inputs: [input], attributes: withFloats({ min: low, max: high }) };
    const scalarOf = (value: number, name: string): CompoundInput => ({
      constant: tensorFromNumbers(dtype, [], [value]),
      name,
    });
    return { ...meaning, inputs: [input, scalarOf(low, "min"), scalarOf(high, "max")] };
  },
};

/** The types that Cast needs no further attributes for. */
const PLAIN_TYPES: readonly DType[] = [
  ...FLOATS,
  "bfloat16",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
];

/** A CastLike of known type: as a Cast it no longer depends on its second input. */
const castLike: Spelling = {
  ends: ["CastLike"],
  dtypes: PLAIN_TYPES,
  numerics: "exact",
  read: op("CastLike", [x]),
  meaning: (found, { dtype }) => {
    const input = valueNamed(found, "x");
    if (input === undefined || dtype === undefined) return undefined;
    return { opType: "Cast", inputs: [input], attributes: { to: dtypeCode(dtype) }, since: 6 };
  },
};

export const REARRANGEMENTS: readonly Spelling[] = [blocks, relu, clip, castLike];
