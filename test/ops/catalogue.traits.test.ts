import { describe, expect, it } from "vitest";
import { isRefusal } from "../../src/base/refusal.js";
import { type ReferenceTensor, referenceTensor } from "../../src/float64/tensor.js";
import type { AttributeInit } from "../../src/ir/attribute.js";
import type { DType } from "../../src/ir/dtype.js";
import { createModel } from "../../src/ir/model.js";
import type { StandardOperator } from "../../src/ir/operator-name.js";
import { tensorType } from "../../src/ir/type.js";
import { nameHasTrait, OPERATOR_NAMES, OPERATORS } from "../../src/ops/catalogue.js";
import { HIGHEST_OPSET } from "../../src/opset/range.js";
import { evaluateReference } from "../../src/reference/evaluate.js";
import type { Trait } from "../../src/rules/operator.js";

/**
 * Traits that can be computed are held against the float64 reference, both ways: an operator that is said to have one has it on
 * the samples here, and an operator that has it on all of them is said to. So neither a wrong trait nor a forgotten one passes.
 */

type Attributes = Readonly<Record<string, AttributeInit>>;

/** One way to apply an operator to data: its other inputs and its attributes. */
interface Call {
  readonly attributes?: Attributes;
  /** Inputs behind the data. */
  readonly others?: readonly (ReferenceTensor | null)[];
}

const ints = (...values: readonly number[]): ReferenceTensor =>
  referenceTensor("int64", [values.length], values);
const scalar = (value: number, dtype: DType = "float"): ReferenceTensor =>
  referenceTensor(dtype, [], [value]);
const float = (value: number): AttributeInit => ({ kind: "float", value });

/** Whether an operator may have that many inputs. */
function takes(operator: StandardOperator, count: number): boolean {
  const { inputs } = OPERATORS[operator];
  const [least, most] = typeof inputs === "number" ? [inputs, inputs] : inputs;
  return count >= least && (most === "variadic" || count <= most);
}

/** The first output; undefined where the operator takes no such inputs. */
function apply(
  operator: StandardOperator,
  inputs: readonly (ReferenceTensor | null)[],
  attributes: Attributes = {},
): ReferenceTensor | undefined {
  if (!takes(operator, inputs.length)) return undefined;
  const model = createModel(HIGHEST_OPSET);
  const { graph } = model;
  const values = inputs.map((tensor, index) =>
    tensor === null
      ? null
      : graph.addInput({ name: `x${index}`, type: tensorType(tensor.dtype, tensor.dims) }),
  );
  const node = graph.addNode({ opType: operator, inputs: values, outputs: ["y"], attributes });
  const [y] = node.outputs;
  if (y !== null && y !== undefined) graph.addOutput(y);
  const feeds = new Map(
    inputs.flatMap((tensor, index) => (tensor === null ? [] : [[`x${index}`, tensor] as const])),
  );
  try {
    const outputs = evaluateReference(model, feeds);
    return isRefusal(outputs) ? undefined : outputs.get("y");
  } catch {
    return undefined;
  }
}

/** Attributes besides the defaults that a trait has to hold for too. */
const VARIANTS: Partial<Readonly<Record<StandardOperator, readonly Call[]>>> = {
  // To float, to int32 and to bool, which forgets the order of numbers.
  Cast: [{ attributes: { to: 1n } }, { attributes: { to: 6n } }, { attributes: { to: 9n } }],
  CastLike: [{ others: [scalar(0)] }, { others: [scalar(0, "bool")] }],
  Celu: [{}, { attributes: { alpha: float(-1) } }],
  Clip: [{}, { others: [scalar(-0.5), scalar(1.25)] }],
  Elu: [{}, { attributes: { alpha: float(-1) } }],
  Gelu: [{}, { attributes: { approximate: "tanh" } }],
  HardSigmoid: [{}, { attributes: { alpha: float(-1) } }],
  LeakyRelu: [{}, { attributes: { alpha: float(-1) } }],
  PRelu: [{ others: [scalar(0.25)] }, { others: [scalar(-1)] }],
  Selu: [{}, { attributes: { alpha: float(-1) } }],
  Shrink: [{}, { attributes: { bias: float(1), lambd: float(0.25) } }],
  Swish: [{}, { attributes: { alpha: float(-1) } }],
  ThresholdedRelu: [{}, { attributes: { alpha: float(-1) } }],
};

/** Halves and thirds: no operator maps them onto each other by chance; zero and large numbers among them. */
const GRID: readonly number[] = Array.from({ length: 121 }, (_, i) => (i - 60) / 6 + (i % 2) / 12).concat([
  -300, -40, 40, 300,
]);

/** Operators of one operand, by the type that they are tried on. */
function unary(dtype: DType, x: ReferenceTensor): ReadonlyMap<StandardOperator, readonly ReferenceTensor[]> {
  const results = new Map<StandardOperator, readonly ReferenceTensor[]>();
  for (const operator of OPERATOR_NAMES) {
    const found = (VARIANTS[operator] ?? [{}]).map(({ others = [], attributes }) =>
      apply(operator, [x, ...others], attributes),
    );
    const fitting = found.filter((y) => y !== undefined && String(y.dims) === String(x.dims));
    if (fitting.length === found.length && found.length > 0 && x.dtype === dtype) {
      results.set(
        operator,
        fitting.flatMap((y) => y ?? []),
      );
    }
  }
  return results;
}

const repeat = (operator: StandardOperator, x: ReferenceTensor): readonly (ReferenceTensor | undefined)[] =>
  (VARIANTS[operator] ?? [{}]).map(({ others = [], attributes }) =>
    apply(operator, [x, ...others], attributes),
  );

function holdsBothWays(
  trait: Trait,
  has: ReadonlyMap<StandardOperator, boolean>,
  excused: readonly string[] = [],
): void {
  const wrong = [...has].filter(
    ([operator, holds]) => holds !== nameHasTrait(operator, trait) && !excused.includes(operator),
  );
  expect(wrong.map(([operator, holds]) => `${operator} ${holds ? "is" : "is not"} ${trait}`)).toEqual([]);
  expect([...has.values()].filter(Boolean).length).toBeGreaterThan(0);
}

/** Of several axes, so that an operator along one of them, or one that turns them round, is no pointwise one. */
const SHAPE = [5, 5, GRID.length / 25];
const TENSOR = referenceTensor("float", SHAPE, GRID);
const FLOATS = unary("float", TENSOR);
const near = (a: number, b: number): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b));
const equal = (a: ReferenceTensor | undefined, b: ReferenceTensor | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.data.length === b.data.length &&
  a.data.every((v, i) => near(v, b.data[i] ?? NaN));

/** They take truth values or integers; the reference does not mind floats. */
const LOGICAL: ReadonlySet<string> = new Set(["Not", "BitwiseNot"]);

/** Operators that work element by element on floats, and give floats. */
const POINTWISE = [...FLOATS].filter(
  ([operator, results]) =>
    nameHasTrait(operator, "pointwise") &&
    !LOGICAL.has(operator) &&
    results.every((y) => y.dtype === "float"),
);

describe("traits of operators of one operand", () => {
  it("pointwise: one element of the input changes one element of the output", () => {
    const places = [0, 7, 62, GRID.length - 1];
    const has = new Map(
      [...FLOATS].map(([operator, results]) => {
        const holds = places.every((place) => {
          const changed = repeat(operator, referenceTensor("float", SHAPE, GRID.with(place, 77.25)));
          return results.every((y, k) =>
            y.data.every((value, i) => i === place || near(value, changed[k]?.data[i] ?? NaN)),
          );
        });
        return [operator, holds] as const;
      }),
    );
    // Dropout is the identity in inference, and so are others without the attributes and inputs that they have in earnest;
    // EyeLike looks at no element; what Trilu does with an element depends on its place.
    const idle = ["Concat", "LRN", "Pad", "Slice", "Split", "Squeeze", "Unsqueeze"];
    holdsBothWays("pointwise", has, ["Dropout", "EyeLike", "Trilu", ...idle]);
  });

  it("monotone: never falls, with whatever attributes", () => {
    const ascending = [...GRID].sort((a, b) => a - b);
    // Those that give integers or truth values too.
    const tried = [...FLOATS.keys()].filter((name) => nameHasTrait(name, "pointwise") && !LOGICAL.has(name));
    const has = new Map(
      tried.map((operator) => {
        const results = repeat(operator, referenceTensor("float", [ascending.length], ascending));
        const holds = results.every((y) => {
          const known = Array.from(y?.data ?? []).filter((value) => !Number.isNaN(value));
          return known.every((value, i) => i === 0 || value >= (known[i - 1] ?? NaN));
        });
        return [operator, holds] as const;
      }),
    );
    // Of one operand these are identities; the samples hold nothing infinite and no NaN.
    holdsBothWays("monotone", has, ["Sum", "Mean", "Max", "Min", "IsInf", "IsNaN"]);
  });

  it("homogeneous: a positive scale passes", () => {
    const has = new Map(
      POINTWISE.map(([operator, results]) => {
        const scaled = repeat(
          operator,
          referenceTensor(
            "float",
            [GRID.length],
            GRID.map((value) => value * 3.5),
          ),
        );
        const holds = results.every((y, k) =>
          equal(
            scaled[k],
            referenceTensor(
              "float",
              y.dims,
              Array.from(y.data, (value) => value * 3.5),
            ),
          ),
        );
        return [operator, holds] as const;
      }),
    );
    // Broadcasting operators of one operand are identities; Cast and CastLike round integers.
    holdsBothWays("homogeneous", has, ["Sum", "Mean", "Max", "Min", "CastLike"]);
  });

  it("idempotent and involution: the effect of a second application", () => {
    const same = new Map<StandardOperator, boolean>();
    const back = new Map<StandardOperator, boolean>();
    for (const [operator, results] of POINTWISE) {
      const again = results.map((y, k) => repeat(operator, y)[k]);
      same.set(
        operator,
        results.every((y, k) => equal(again[k], y)),
      );
      back.set(
        operator,
        again.every((y) => equal(y, TENSOR)),
      );
    }
    holdsBothWays("idempotent", same, ["Sum", "Mean", "Max", "Min", "Cast", "CastLike"]);
    // A reciprocal twice is the number up to two roundings.
    holdsBothWays("involution", back, ["Sum", "Mean", "Max", "Min", "Cast", "CastLike", "Reciprocal"]);
  });

  it("involution of truth values and integers", () => {
    const bool = referenceTensor("bool", [2], [0, 1]);
    const whole = referenceTensor("int32", [5], [-7, -1, 0, 1, 12]);
    expect(equal(apply("Not", [bool]), bool)).toBe(false);
    expect(equal(apply("Not", [apply("Not", [bool]) ?? bool]), bool)).toBe(true);
    expect(equal(apply("BitwiseNot", [apply("BitwiseNot", [whole]) ?? whole]), whole)).toBe(true);
    expect(["Not", "BitwiseNot"].every((name) => nameHasTrait(name, "involution"))).toBe(true);
  });

  it("rounds: gives whole numbers at most one away", () => {
    const has = new Map(
      POINTWISE.map(([operator, results]) => [
        operator,
        results.every((y) =>
          y.data.every((value, i) => Number.isInteger(value) && Math.abs(value - (GRID[i] ?? 0)) <= 1),
        ),
      ]),
    );
    holdsBothWays("rounds", has);
  });

  it("jumps: a step for the least change, at a whole number or a part of one", () => {
    const places = Array.from({ length: 33 }, (_, i) => (i - 16) / 4);
    const around = (side: number): ReferenceTensor =>
      referenceTensor(
        "float",
        [places.length],
        places.map((place) => place + side * 1e-9),
      );
    const has = new Map(
      POINTWISE.map(([operator]) => {
        const [below, above] = [repeat(operator, around(-1)), repeat(operator, around(1))];
        const steps = below.some((y, k) =>
          y?.data.some((value, i) => Math.abs(value - (above[k]?.data[i] ?? NaN)) > 1e-3),
        );
        return [operator, steps] as const;
      }),
    );
    // A pole is no step; nobody decides by it.
    holdsBothWays("jumps", has, ["Reciprocal"]);
  });

  it("nonNegative and unitRange: where all results lie", () => {
    const samples = [
      GRID,
      GRID.map((value) => -Math.abs(value) / 7 - 0.1),
      GRID.map((value) => value / 301),
      GRID.map((value) => -Math.abs(value) - 20),
    ];
    const kernel: Attributes = { kernel_shape: { kind: "ints", value: [3n] } };
    const results = new Map<StandardOperator, readonly ReferenceTensor[]>();
    for (const name of OPERATOR_NAMES) {
      const found = samples.flatMap((sample) => {
        const map = referenceTensor("float", [1, 1, sample.length], sample);
        return (VARIANTS[name] ?? [{}]).map(({ others = [], attributes }) => {
          const given = name === "LpPool" || name === "AveragePool" ? kernel : attributes;
          return apply(name, [map, ...others], given);
        });
      });
      if (found.every((y) => y?.dtype === "float" && y.data.length > 0) && !LOGICAL.has(name))
        results.set(
          name,
          found.flatMap((y) => y ?? []),
        );
    }
    const within =
      (low: number, high: number) =>
      (ys: readonly ReferenceTensor[]): boolean =>
        ys.every((y) => y.data.every((value) => Number.isNaN(value) || (value >= low && value <= high)));
    const test = (
      holds: (ys: readonly ReferenceTensor[]) => boolean,
    ): ReadonlyMap<StandardOperator, boolean> => new Map([...results].map(([name, ys]) => [name, holds(ys)]));
    // What these give does not follow from the elements of their input.
    const blind = ["EyeLike", "ConstantOfShape"];
    holdsBothWays("nonNegative", test(within(0, Infinity)), blind);
    holdsBothWays("unitRange", test(within(0, 1)), blind);
  });
});

describe("sizes", () => {
  it("givesSizes: the same for all elements, and other ones for another shape", () => {
    const dims = (y: ReferenceTensor | undefined): string => (y === undefined ? "" : String(y.data));
    const has = new Map(
      [...unaryInts()].map(([operator, results]) => {
        const [one, other, wider] = results.map(dims);
        return [operator, one === other && one !== wider] as const;
      }),
    );
    holdsBothWays("givesSizes", has);
  });

  /** The outputs of operators for two tensors of one shape and a third of another. */
  function unaryInts(): ReadonlyMap<StandardOperator, readonly ReferenceTensor[]> {
    const samples = [
      referenceTensor("float", [2, 3], [1, 2.5, -3, 4, 0, 6]),
      referenceTensor("float", [2, 3], [0, 7.25, -1, 5, 9, 2]),
      referenceTensor("float", [2, 4], [0, 7.25, -1, 5, 9, 2, 1, 3]),
    ];
    return new Map(
      OPERATOR_NAMES.flatMap((operator) => {
        const results = samples.flatMap((x) => apply(operator, [x]) ?? []);
        const isWhole = results.length === samples.length && results.every((y) => y.dtype === "int64");
        return isWhole ? [[operator, results] as const] : [];
      }),
    );
  }
});

describe("numbers of operators", () => {
  /** Each type with data, and operands that may be neutral for it. */
  const SAMPLES: readonly (readonly [DType, readonly number[]])[] = [
    ["float", [0.5, -1.25, 3, 2]],
    ["bool", [0, 1, 1, 0]],
  ];

  it("neutral: as the second operand, and of a commutative operator as the first", () => {
    for (const operator of OPERATOR_NAMES) {
      if (!nameHasTrait(operator, "broadcasts") || !takes(operator, 2) || takes(operator, 3)) continue;
      const found = SAMPLES.flatMap(([dtype, data]) =>
        [0, 1].flatMap((element) => {
          const [x, e] = [referenceTensor(dtype, [4], data), referenceTensor(dtype, [], [element])];
          const isNeutral = (y: ReferenceTensor | undefined): boolean => y?.dtype === dtype && equal(y, x);
          return isNeutral(apply(operator, [x, e]))
            ? [{ element, isFirstToo: isNeutral(apply(operator, [e, x])) }]
            : [];
        }),
      );
      const { neutral } = OPERATORS[operator];
      if (neutral === undefined) {
        // Not tested: comparisons and operators on bits, because no exporter writes a shift by 0 or a comparison with true.
        if (!/^Bit|^Equal|^Greater|^Less/.test(operator)) expect(found, operator).toEqual([]);
        continue;
      }
      expect(
        found.map(({ element }) => element),
        operator,
      ).toContain(neutral);
      expect(
        found.every(({ isFirstToo }) => isFirstToo),
        operator,
      ).toBe(nameHasTrait(operator, "commutative"));
    }
  });

  it("steepest: no slope is greater, and some slope is nearly as great", () => {
    const steepest = new Map(
      OPERATOR_NAMES.flatMap((operator) => {
        const bound = OPERATORS[operator].steepest;
        return bound === undefined ? [] : [[operator, bound] as const];
      }),
    );
    expect([...steepest.keys()]).toEqual(["Sigmoid", "Softmax", "Tanh"]);
    const step = 1e-4;
    for (const [operator, bound] of steepest) {
      const slopes = GRID.map((at) => {
        const [before, behind] = [at - step / 2, at + step / 2].map((x) =>
          // The difference of the two elements of Softmax changes by twice the step.
          apply(operator, [referenceTensor("float", [1, 2], [x, -x])]),
        );
        return ((behind?.data[0] ?? NaN) - (before?.data[0] ?? NaN)) / step;
      });
      expect(Math.max(...slopes), operator).toBeLessThanOrEqual(bound + 1e-6);
      expect(Math.max(...slopes), operator).toBeGreaterThan(0.95 * bound);
    }
  });
});

describe("traits of operators of several operands", () => {
  const SAMPLES: readonly (readonly [DType, readonly number[], readonly number[]])[] = [
    ["float", [0.5, -1.25, 3, 2], [2, 0.75, -1.5, 2.5]],
    ["int32", [5, 12, 7, 3], [1, 2, 3, 2]],
    ["bool", [0, 0, 1, 1], [0, 1, 0, 1]],
  ];

  it("commutative: the operands may change places", () => {
    const has = new Map<StandardOperator, boolean>();
    for (const operator of OPERATOR_NAMES) {
      const tried = SAMPLES.flatMap(([dtype, a, b]) => {
        const [left, right] = [referenceTensor(dtype, [2, 2], a), referenceTensor(dtype, [2, 2], b)];
        const attributes: Attributes = operator === "BitShift" ? { direction: "LEFT" } : {};
        const [one, other] = [
          apply(operator, [left, right], attributes),
          apply(operator, [right, left], attributes),
        ];
        return one === undefined || other === undefined ? [] : [equal(one, other)];
      });
      if (tried.length > 0) has.set(operator, tried.every(Boolean));
      // Their second input is no operand but axes or indices, for which the samples are none.
      if (nameHasTrait(operator, "reduces") || operator === "GatherElements") has.delete(operator);
    }
    holdsBothWays("commutative", has);
  });

  it("broadcasts: each operand is stretched to the other", () => {
    const column = (dtype: DType): ReferenceTensor => referenceTensor(dtype, [3, 1], [1, 0, 1]);
    const row = (dtype: DType): ReferenceTensor => referenceTensor(dtype, [1, 2], [1, 1]);
    const has = new Map<StandardOperator, boolean>();
    for (const operator of OPERATOR_NAMES) {
      const attributes: Attributes = operator === "BitShift" ? { direction: "LEFT" } : {};
      const results = SAMPLES.flatMap(([dtype]) => {
        const first = operator === "Where" ? [referenceTensor("bool", [1], [1])] : [];
        return apply(operator, [...first, column(dtype), row(dtype)], attributes) ?? [];
      });
      if (results.length > 0)
        has.set(
          operator,
          results.every(({ dims }) => String(dims) === "3,2"),
        );
    }
    // Products of a column and a row have those sizes too; PRelu stretches its slope alone.
    holdsBothWays("broadcasts", has, ["MatMul", "Gemm", "MatMulInteger", "PRelu"]);
  });
});

describe("traits of operators that move data", () => {
  const DIMS = [2, 4, 3, 4];
  const COUNT = DIMS.reduce((a, b) => a * b, 1);
  const list = (...value: readonly number[]): AttributeInit => ({ kind: "ints", value: value.map(BigInt) });
  /** Each with one call that moves something. */
  const CALLS: Partial<Readonly<Record<StandardOperator, Call>>> = {
    Compress: { others: [referenceTensor("bool", [4], [1, 0, 1, 1])], attributes: { axis: 1n } },
    Concat: {
      others: [
        referenceTensor(
          "float",
          DIMS,
          Array.from({ length: COUNT }, () => 0.5),
        ),
      ],
      attributes: { axis: 1n },
    },
    DepthToSpace: { attributes: { blocksize: 2n } },
    Expand: { others: [ints(2, 2, 4, 3, 4)] },
    Flatten: { attributes: { axis: 2n } },
    Gather: { others: [ints(2, 0)], attributes: { axis: 1n } },
    GatherElements: { others: [referenceTensor("int64", [1, 1, 1, 2], [1, 0])], attributes: { axis: 1n } },
    GatherND: { others: [referenceTensor("int64", [2, 2], [1, 0, 0, 3])] },
    Pad: { others: [ints(0, 0, 1, 0, 0, 0, 0, 0)] },
    Reshape: { others: [ints(6, 16)] },
    Resize: { others: [null, referenceTensor("float", [4], [1, 1, 2, 1])], attributes: { mode: "linear" } },
    ScatterElements: {
      others: [referenceTensor("int64", [1, 1, 1, 1], [1]), referenceTensor("float", [1, 1, 1, 1], [9])],
    },
    Slice: { others: [ints(1), ints(3), ints(1)] },
    SpaceToDepth: { attributes: { blocksize: 1n } },
    Split: { attributes: { axis: 1n, num_outputs: 1n } },
    Squeeze: { others: [ints(0)] },
    Tile: { others: [ints(1, 2, 1, 1)] },
    TopK: { others: [ints(2)] },
    Transpose: { attributes: { perm: list(0, 3, 1, 2) } },
    Trilu: {},
    Unsqueeze: { others: [ints(0)] },
    MaxPool: { attributes: { kernel_shape: list(2, 2) } },
    ...Object.fromEntries(
      OPERATOR_NAMES.filter((name) => nameHasTrait(name, "pointwise")).map((name) => [name, {}]),
    ),
  };

  /** Where each element of the output was in the input, when it is one of the input's by its place and not by its value. */
  function places(
    operator: StandardOperator,
    { others = [], attributes }: Call,
  ): readonly number[] | undefined {
    const dims = operator === "Squeeze" ? [1, COUNT] : DIMS;
    const images = [1, -1].map((sign) => {
      // All elements differ; in the second run the order of their values is turned round.
      const data = Array.from({ length: COUNT }, (_, i) => sign * (i + 1.3) - 20.75);
      const y = apply(operator, [referenceTensor("float", dims, data), ...others], attributes);
      return y?.dtype === "float" ? Array.from(y.data, (value) => data.indexOf(value)) : undefined;
    });
    const [first, second] = images;
    if (first === undefined || second === undefined || String(first) !== String(second)) return undefined;
    return first;
  }

  const moved = new Map(
    Object.entries(CALLS).flatMap(([name, call]) => {
      const operator = OPERATOR_NAMES.find((known) => known === name);
      return operator === undefined ? [] : [[operator, places(operator, call)] as const];
    }),
  );

  const test = (holds: (from: readonly number[]) => boolean): ReadonlyMap<StandardOperator, boolean> =>
    new Map([...moved].map(([operator, from]) => [operator, from !== undefined && holds(from)]));
  const isIdentity = (from: readonly number[]): boolean =>
    from.every((at, i) => at === i) && from.length === COUNT;

  it("movesData: all elements are elements of a data input", () => {
    const has = test((from) => from.every((at) => at >= 0));
    // Concat's other elements are its second operand's; a sum of one operand is an identity.
    holdsBothWays("movesData", has, ["Concat", "Sum", "Mean", "Max", "Min", "Clip"]);
    expect(moved.get("Concat")?.filter((at) => at >= 0).length).toBe(COUNT);
  });

  it("rearranges: each element once", () => {
    const has = test((from) => from.length === COUNT && new Set(from).size === COUNT && !from.includes(-1));
    holdsBothWays("rearranges", has, ["Split", "Sum", "Mean", "Max", "Min", "Clip"]);
  });

  it("view: the same order in another shape", () => {
    const has = test(isIdentity);
    // An Identity is a view in the same shape; the others are identities for these attributes.
    holdsBothWays("view", has, ["Identity", "SpaceToDepth", "Split", "Sum", "Mean", "Max", "Min", "Clip"]);
  });
});
