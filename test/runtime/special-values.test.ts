import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { SPECIAL_VALUES } from "../../src/base/special-values.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { createChecker } from "../../src/runtime/check.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import { describeInputs } from "../../src/runtime/inputs.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { type RuntimeTensor, tensorSize } from "../../src/runtime/runtime.js";
import {
  brokenClaim,
  claimOf,
  type SpecialClaim,
  specialFeeds,
  takesSpecialValues,
} from "../../src/runtime/special-values.js";
import { parseGraph } from "../../src/text/parse.js";

const modelOf = (text: string): ReturnType<typeof parseGraph> => parseGraph(text, { opset: 17 });

const floats = (...numbers: readonly number[]): RuntimeTensor => ({
  dtype: "float",
  dims: [numbers.length],
  data: encodeNumbers("float", Float64Array.from(numbers)),
});

describe("claimOf", () => {
  it("claims what the rewrites do not change", () => {
    expect(claimOf("exact", [], "float")).toEqual({ exact: true, zeros: true, overflow: false });
    expect(claimOf("exact", ["negative-zero", "empty"], "float")).toEqual({
      exact: true,
      zeros: false,
      overflow: false,
    });
    expect(claimOf("exact", ["overflow"], "double")).toEqual({ exact: false, zeros: false, overflow: true });
    expect(claimOf("rounding", [], "float")).toEqual({ exact: false, zeros: false, overflow: false });
    expect(claimOf("exact", [], "float16")).toEqual({ exact: false, zeros: false, overflow: false });
    for (const kind of ["nan", "infinity"] as const)
      expect(claimOf("exact", [kind], "float")).toBeUndefined();
  });
});

describe("a claim beside overflow", () => {
  const claim = claimOf("rounding", ["overflow"], "float");
  if (claim === undefined) throw new Error("it claims the places of NaN and infinity");

  it.each([
    ["a number near the end of the range may be infinite", [1.6e38, -3e38], [Infinity, -Infinity], undefined],
    ["another may not", [1e30], [Infinity], "differ"],
    ["nor one of the other sign", [-3e38], [Infinity], "the first -3e+38 became Infinity"],
    ["nor NaN", [3e38], [Number.NaN], "became NaN"],
  ] as const)("%s", (_, from, to, reason) => {
    const broken = brokenClaim(floats(...from.map(Math.fround)), floats(...to), claim);
    if (reason === undefined) expect(broken).toBeUndefined();
    else expect(broken).toMatch(/elements differ/);
  });
});

describe("takesSpecialValues", () => {
  it.each([
    ["y = Relu (x)", true],
    ["s = Shape (x) e = ConstantOfShape (s) y = Add (x, e)", false],
    ["y = Cast <to = 11> (x)", true],
    ["l = CastLike (k, x) y = Clip (x, l)", false],
    ["y = Clip <min = 0.0, max = 1.0> (x)", true],
    ["y = Clip <min = 0.0> (x)", false],
    ["i = Cast <to = 7> (x) y = Neg (i)", false],
    ["c = Greater (x, x) y = Where (c, x, x)", true],
    ["i, y = TopK (x, k)", false],
    [
      "y = Relu (x) z = If (b) <then_branch = t () => (float[2] p) { p = Neg (x) }, else_branch = e () => (float[2] q) { q = Abs (x) }>",
      false,
    ],
  ])("%s: %s", (nodes, expected) => {
    const text = `g (float[2] x, bool b) => (y) <int64[1] k = {1}> { ${nodes} }`;
    expect(takesSpecialValues(modelOf(text))).toBe(expected);
  });
});

describe("specialFeeds", () => {
  const random = createRandom(1);
  const x = floats(...Array.from({ length: 200 }, () => random.normal()));
  const RANGE = { kind: "range", low: 0, high: 1, whole: false } as const;
  const specs = [
    { name: "x", dtype: "float", shape: [200], demand: () => undefined },
    { name: "v", dtype: "float", shape: [200], demand: () => RANGE },
    { name: "i", dtype: "int64", shape: [1], demand: () => undefined },
  ] as const;
  const i: RuntimeTensor = { dtype: "int64", dims: [1], data: new Uint8Array(8) };

  it("hold every kind, among ordinary numbers", () => {
    const [only, ...rest] = specialFeeds(
      new Map([
        ["x", x],
        ["i", i],
      ]),
      specs,
      3,
    );
    expect(rest).toEqual([]);
    expect(only?.get("i")).toBe(i);
    const numbers = [...numbersOf(only?.get("x"))];
    for (const kind of [Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(numbers.some((number) => Object.is(number, kind))).toBe(true);
    expect(numbers.some((number) => number !== 0 && Math.abs(number) < 2 ** -126)).toBe(true);
    const ordinary = numbers.filter((number) => Math.abs(number) > 2 ** -126 && Number.isFinite(number));
    expect(ordinary.length).toBeGreaterThan(100);
  });

  it("begin with another kind in each set, where there are few numbers", () => {
    const sets = specialFeeds(new Map([["x", floats(5)]]), specs, 3);
    expect(sets.map((set) => [...numbersOf(set.get("x"))])).toEqual([
      [Number.NaN],
      [Number.POSITIVE_INFINITY],
      [-0],
    ]);
  });

  it("leave integers alone, and floats whose readers take certain values only", () => {
    expect(
      specialFeeds(
        new Map([
          ["v", x],
          ["i", i],
        ]),
        specs,
        3,
      ),
    ).toEqual([]);
  });
});

function numbersOf(tensor: RuntimeTensor | undefined): Float64Array {
  if (!(tensor?.data instanceof Uint8Array)) expect.unreachable("no numbers");
  return decodeNumbers(tensor.dtype, tensor.data, tensorSize(tensor.dims));
}

describe("brokenClaim", () => {
  const bits: SpecialClaim = { exact: true, zeros: true, overflow: false };
  const unsigned: SpecialClaim = { exact: true, zeros: false, overflow: false };
  const kinds: SpecialClaim = { exact: false, zeros: false, overflow: false };

  it.each<[number, number, readonly SpecialClaim[]]>([
    [Number.NaN, Number.NaN, []],
    [Number.NaN, 0, [bits, unsigned, kinds]],
    [1, Number.POSITIVE_INFINITY, [bits, unsigned, kinds]],
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [bits, unsigned, kinds]],
    [0, -0, [bits]],
    [1, 1.5, [bits, unsigned]],
  ])("%s and %s", (from, to, broken) => {
    for (const claim of [bits, unsigned, kinds]) {
      const found = brokenClaim(floats(1, from), floats(1, to), claim);
      expect(found !== undefined).toBe(broken.includes(claim));
    }
  });

  it("says how many elements, and how a shape changed", () => {
    expect(brokenClaim(floats(0, 1, 0), floats(-0, 1, -0), bits)).toBe(
      "2 of 3 elements differ, the first 0 became -0",
    );
    expect(brokenClaim(floats(), floats(1), kinds)).toBe("float[0] became float[1]");
  });

  it("compares integers of exact rewrites only", () => {
    const [a, b] = [1, 2].map((byte): RuntimeTensor => {
      return { dtype: "uint8", dims: [1], data: Uint8Array.of(byte) };
    });
    if (a === undefined || b === undefined) expect.unreachable();
    expect(brokenClaim(a, b, kinds)).toBeUndefined();
    expect(brokenClaim(a, b, unsigned)).toMatch("1 of 1");
  });
});

async function compare(
  before: string,
  after: string,
  ...mayChange: Parameters<typeof claimOf>[1]
): Promise<CheckReport> {
  const [a, b] = [before, after].map((nodes) =>
    modelOf(`g (float[N,6] x) => (y) <float z = {0}, float o = {1}> { ${nodes} }`),
  );
  if (a === undefined || b === undefined) expect.unreachable();
  const checker = await createChecker(
    { kind: "bytes", bytes: encodeToBytes(a) },
    {
      runtime: await defaultRuntime(),
      seed: 7,
      inputs: describeInputs(a),
      takesSpecialValues: takesSpecialValues(a),
    },
  );
  try {
    return await checker.compare({ kind: "bytes", bytes: encodeToBytes(b) }, "exact", mayChange);
  } finally {
    await checker.close();
  }
}

describe("a check of rewrites that claim to keep special values", () => {
  it("finds -0 that became 0", async () => {
    const report = await compare("y = Identity (x)", "y = Add (x, z)");
    expect(report).toMatchObject({ status: "differs", special: undefined });
    expect(report.reason).toMatch(
      /^output "y" on special values: \d+ of 6 elements differ, the first -0 became 0$/,
    );
  });

  it("finds NaN and infinity that became numbers", async () => {
    expect((await compare("y = Relu (x)", "b = Greater (x, z) y = Where (b, x, z)")).reason).toMatch(
      "NaN became 0",
    );
    expect((await compare("y = Relu (x)", "y = Clip (x, z)", "negative-zero")).status).toBe("differs");
  });

  it("asks for no more than they claim", async () => {
    const sign = await compare("y = Identity (x)", "y = Add (x, z)", "negative-zero");
    expect(sign).toMatchObject({ status: "equal", special: { exact: true, zeros: false } });
    const none = await compare("y = Relu (x)", "y = Clip (x, z)", "infinity");
    expect(none).toMatchObject({ status: "equal", special: undefined });
    const all = await compare("y = Relu (x)", "y = Clip (x, z)", ...SPECIAL_VALUES);
    expect(all).toMatchObject({ status: "equal", special: undefined });
  });

  it("lets pass what an unchanged model gives", async () => {
    expect(await compare("y = Softmax (x)", "y = Softmax (x)")).toMatchObject({
      status: "equal",
      special: { exact: true, zeros: true },
    });
    const random = "r = RandomNormalLike (x) y = Mul (r, z)";
    expect(await compare(random, random)).toMatchObject({ status: "equal", special: undefined });
  });
});
