import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText, modelText, normalization, normalize } from "../../support/text.js";

/** The other passes would clean up what a refused case has left over. */
const ONLY = { passes: ["merge-parallel-branches"] };

/** A convolution branch of "x" in the text: its constants and its node. */
interface Branch {
  readonly kernel: readonly number[];
  readonly attributes?: string;
  readonly bias?: boolean;
}

interface Channels {
  readonly from: number;
  readonly into: number;
  readonly group: number;
}

const SOME: Channels = { from: 3, into: 5, group: 1 };

function conv(name: string, { attributes = "", bias = true }: Branch, { group }: Channels): string {
  return `${name} = Conv <group = ${group}${attributes === "" ? "" : `, ${attributes}`}> (x, W${name}${bias ? `, b${name}` : ""})`;
}

function constants(name: string, { kernel, bias = true }: Branch, { from, into, group }: Channels): string[] {
  return [
    constant(`W${name}`, [into, from / group, ...kernel]),
    ...(bias ? [constant(`b${name}`, [into])] : []),
  ];
}

/** y = a + b + ... of branches of x, as nested Adds or one Sum. */
function branches(
  image: readonly (number | string)[],
  list: Readonly<Record<string, Branch>>,
  sum: string,
  channels: Channels = SOME,
  more: readonly string[] = [],
): string {
  return graphText(
    `float[N,${channels.from},${image.join(",")}] x`,
    [...Object.entries(list).flatMap(([name, branch]) => constants(name, branch, channels)), ...more],
    `${Object.entries(list)
      .map(([name, branch]) => conv(name, branch, channels))
      .join(" ")} ${sum}`,
  );
}

const GROUPS: Readonly<Record<string, Channels>> = {
  "one group": SOME,
  "two groups": { from: 4, into: 6, group: 2 },
  depthwise: { from: 3, into: 3, group: 3 },
  "depthwise with a multiplier": { from: 3, into: 6, group: 3 },
  "all sizes equal": { from: 2, into: 2, group: 1 },
};

describe("Conv with a Conv of a smaller kernel", () => {
  const spaces: Readonly<Record<string, { image: number[]; large: Branch; small: Branch }>> = {
    "1-D, strided": {
      image: [11],
      large: { kernel: [3], attributes: "pads = [1, 1], strides = [2]" },
      small: { kernel: [1], attributes: "strides = [2]" },
    },
    "2-D, 3x3 and 1x1": {
      image: [6, 7],
      large: { kernel: [3, 3], attributes: "pads = [1, 1, 1, 1]" },
      small: { kernel: [1, 1] },
    },
    "2-D, asymmetric pads, dilations": {
      image: [9, 8],
      large: { kernel: [3, 4], attributes: "pads = [2, 0, 2, 3], dilations = [2, 1], strides = [1, 2]" },
      small: { kernel: [2, 1], attributes: "pads = [2, 0, 0, 0], dilations = [2, 3], strides = [1, 2]" },
    },
    "2-D, a dilated kernel inside a dense one": {
      image: [7, 8],
      large: { kernel: [5, 3], attributes: "pads = [2, 1, 2, 1]" },
      small: { kernel: [3, 2], attributes: "pads = [2, 1, 2, 1], dilations = [2, 2]" },
    },
    "2-D, taps outside the image": {
      image: [5, 4],
      large: { kernel: [3, 3], attributes: "pads = [2, 2, 2, 2]" },
      small: { kernel: [1, 1], attributes: "pads = [1, 1, 1, 1]" },
    },
    "3-D": {
      image: [4, 5, 6],
      large: { kernel: [3, 1, 2], attributes: "pads = [1, 0, 0, 1, 0, 1]" },
      small: { kernel: [1, 1, 1] },
    },
    "all sizes equal": {
      image: [2, 2],
      large: { kernel: [2, 2], attributes: "pads = [1, 1, 0, 0]" },
      small: { kernel: [2, 2], attributes: "pads = [1, 1, 0, 0]" },
    },
  };
  for (const [space, { image, large, small }] of Object.entries(spaces)) {
    for (const [groups, channels] of Object.entries(GROUPS)) {
      it(`${space}, ${groups}`, async () => {
        const before = branches(image, { a: large, b: small }, "y = Add (a, b)", channels);
        const { model } = await expectRewrite(before, ["y = Conv(x, Wa, ba)"]);
        expect(model.graph.initializers.size).toBe(2);
        const turned = branches(image, { a: small, b: large }, "y = Add (a, b)", channels);
        const { ops } = await rewrite(turned);
        expect(ops).toHaveLength(1);
      });
    }
  }

  for (const [a, b] of [
    [true, false],
    [false, true],
    [false, false],
  ] as const) {
    it(`bias: ${a}, ${b}`, async () => {
      const large: Branch = { kernel: [3, 3], attributes: "pads = [1, 1, 1, 1]", bias: a };
      const before = branches(
        [6, 7],
        { a: large, b: { kernel: [1, 1], bias: b } },
        "s = Add (b, a) y = Relu (s)",
      );
      const inputs = a ? "x, Wa, ba" : b ? "x, Wa, Wa_bias" : "x, Wa";
      await expectRewrite(before, [`s = Conv(${inputs})`, "y = Relu(s)"]);
    });
  }

  for (const rule of ["SAME_UPPER", "SAME_LOWER"]) {
    it(`auto_pad ${rule}, even and odd kernels`, async () => {
      const before = branches(
        [6, 7],
        {
          a: { kernel: [4, 3], attributes: `auto_pad = "${rule}"` },
          b: { kernel: [2, 1], attributes: `auto_pad = "${rule}"` },
          c: { kernel: [1, 1], attributes: 'auto_pad = "VALID"' },
        },
        "y = Sum (a, b, c)",
      );
      await expectRewrite(before, ["y = Conv(x, Wa, ba)"]);
    });
  }

  it("the same auto_pad with strides", async () => {
    const attributes = 'auto_pad = "SAME_UPPER", strides = [2, 3]';
    const twin: Branch = { kernel: [3, 2], attributes };
    await expectRewrite(branches([6, 7], { a: twin, b: twin }, "y = Add (a, b)"), ["y = Conv(x, Wa, ba)"]);
    await expectRefused(
      branches([6, 7], { a: twin, b: { kernel: [1, 1], attributes: "strides = [2, 3]" } }, "y = Add (a, b)"),
      /pads of auto_pad depend on the size/,
      ONLY,
    );
  });

  it("sizes that only this image makes equal", async () => {
    const list = {
      a: { kernel: [3, 3], attributes: "pads = [0, 0, 1, 1], strides = [2, 2]" },
      b: { kernel: [1, 1], attributes: "strides = [2, 2]" },
    };
    await expectRewrite(branches([6, 8], list, "y = Add (a, b)"), ["y = Conv(x, Wa, ba)"]);
    await expectRefused(branches(["H", "V"], list, "y = Add (a, b)"), /not proven to have one size/, {
      ...ONLY,
      shapes: { x: [2, 3, 6, 8] },
    });
  });

  it("finer groups inside coarser ones", async () => {
    const text = (first: number, second: number): string =>
      graphText(
        "float[N,4,6,7] x",
        [
          constant("Wa", [8, 4 / first, 3, 2]),
          constant("ba", [8]),
          constant("Wb", [8, 4 / second, 1, 2]),
          constant("bb", [8]),
        ],
        `a = Conv <group = ${first}, pads = [1, 0, 1, 0]> (x, Wa, ba) b = Conv <group = ${second}> (x, Wb, bb) y = Add (a, b)`,
      );
    await expectRewrite(text(1, 2), ["y = Conv(x, Wa, ba)"]);
    await expectRewrite(text(1, 4), ["y = Conv(x, Wa, ba)"]);
    await expectRewrite(text(2, 4), ["y = Conv(x, Wa, ba)"]);
    await expectRefused(text(2, 1), /their groups differ \(2 and 1\)/, ONLY);
  });
});

describe("blocks of published networks", () => {
  const repvgg = (image: string, channels: number, group: number): string =>
    graphText(
      `float[N,${channels},${image}] x`,
      [
        constant("W3", [channels, channels / group, 3, 3]),
        constant("W1", [channels, channels / group, 1, 1]),
        normalization("p", channels),
        normalization("q", channels),
        normalization("r", channels),
      ],
      `a = Conv <group = ${group}, pads = [1, 1, 1, 1]> (x, W3) ${normalize("an", "a", "p")}
       b = Conv <group = ${group}> (x, W1) ${normalize("bn", "b", "q")}
       ${normalize("c", "x", "r")}
       d = Add (an, bn) e = Add (d, c) y = Relu (e)`,
    );
  for (const [name, channels, group] of [
    ["RepVGG", 5, 1],
    ["RepVGG, grouped", 6, 2],
    ["MobileOne, depthwise", 4, 4],
  ] as const) {
    it(name, async () => {
      await expectRewrite(repvgg("6,7", channels, group), ["e = Conv(x, W3, W3_bias)", "y = Relu(e)"]);
      await expectRewrite(repvgg(`${channels},${channels}`, channels, group), [
        "e = Conv(x, W3, W3_bias)",
        "y = Relu(e)",
      ]);
    });
  }

  it("ACNet: 3x3, 1x3 and 3x1, in every order", async () => {
    const list = {
      a: { kernel: [3, 3], attributes: "pads = [1, 1, 1, 1]" },
      b: { kernel: [1, 3], attributes: "pads = [0, 1, 0, 1]" },
      c: { kernel: [3, 1], attributes: "pads = [1, 0, 1, 0]" },
    };
    for (const sum of [
      "d = Add (a, b) y = Add (d, c)",
      "d = Add (b, c) y = Add (d, a)",
      "d = Add (c, b) y = Add (a, d)",
      "y = Sum (b, c, a)",
    ]) {
      await expectRewrite(branches([6, 7], list, sum), ["y = Conv(x, Wa, ba)"]);
    }
  });
});

describe("Conv with x itself, or a scale and shift of it", () => {
  const five: Channels = { from: 5, into: 5, group: 1 };
  const k = constant("k", [5, 1, 1]);
  const l = constant("l", [1, 5, 1, 1]);
  const bn = normalization("bn", 5);
  const a: Branch = { kernel: [3, 2], attributes: "pads = [1, 0, 1, 1]" };
  const cases: Readonly<Record<string, readonly [sum: string, more: readonly string[]]>> = {
    "x itself": ["y = Add (a, x)", []],
    "x itself, first": ["y = Add (x, a)", []],
    "x twice and the Conv": ["y = Sum (x, a, x)", []],
    BatchNormalization: [`${normalize("c", "x", "bn")} y = Add (c, a)`, [bn]],
    "BatchNormalization and x": [`${normalize("c", "x", "bn")} y = Sum (c, a, x)`, [bn]],
    Mul: ["c = Mul (x, k) y = Add (a, c)", [k]],
    "Mul and Add": ["c = Mul (x, k) d = Add (l, c) y = Add (a, d)", [k, l]],
    "Sub from a constant": ["c = Sub (l, x) y = Add (a, c)", [l]],
    "a scalar Div": ["c = Div (x, s) y = Add (a, c)", ["float s = {-3.5}"]],
    "Mul, then BatchNormalization": [`m = Mul (x, k) ${normalize("c", "m", "bn")} y = Add (a, c)`, [k, bn]],
  };
  for (const [name, [sum, more]] of Object.entries(cases)) {
    it(name, async () => {
      for (const group of [1, 5]) {
        const channels = { ...five, group };
        await expectRewrite(branches([6, 7], { a }, sum, channels, more), ["y = Conv(x, Wa, ba)"]);
        await expectRewrite(branches([5, 5], { a }, sum, channels, more), ["y = Conv(x, Wa, ba)"]);
      }
    });
  }

  it("two maps in a row, the first of them read elsewhere or not", async () => {
    const sum = "m = Add (x, k) c = Mul (m, l) y = Add (a, c)";
    await expectRewrite(branches([6, 7], { a }, sum, five, [k, l]), ["y = Conv(x, Wa, ba)"], ONLY);
    const shared = branches([6, 7], { a }, `${sum} z = Relu (m)`, five, [k, l]).replace("(y)", "(y, z)");
    await expectRewrite(shared, ["m = Add(x, k)", "y = Conv(x, Wa, ba)", "z = Relu(m)"], ONLY);
  });

  it("without a bias", async () => {
    const before = branches([6, 7], { a: { ...a, bias: false } }, "y = Add (a, x)", five);
    await expectRewrite(before, ["y = Conv(x, Wa)"]);
  });

  it("a Conv that has no tap at the place itself stays", async () => {
    const shifted: Branch = { kernel: [2, 2], attributes: "pads = [0, 0, 2, 2], dilations = [2, 2]" };
    await expectRewrite(branches([6, 7], { a: shifted }, "y = Add (a, x)", five), ["y = Conv(x, Wa, ba)"]);
    const between: Branch = { kernel: [2, 2], attributes: "pads = [1, 1, 1, 1], dilations = [2, 2]" };
    await expectRefused(branches([6, 7], { a: between }, "y = Add (a, x)", five), /the taps of one/, ONLY);
  });

  it("a Conv that shrinks to one pixel, which the sum stretches, stays", async () => {
    const whole: Branch = { kernel: [6, 7] };
    await expectRefused(branches([6, 7], { a: whole }, "y = Add (a, x)", five), /one size/, ONLY);
  });

  it("a map along another axis stays", async () => {
    const along = branches([5, 5], { a }, "c = Mul (x, k) y = Add (a, c)", five, [constant("k", [5, 1])]);
    await expectRefused(along, undefined, ONLY);
  });
});

describe("terms among others", () => {
  const list = {
    a: { kernel: [3, 3], attributes: "pads = [1, 1, 1, 1]" },
    b: { kernel: [1, 1] },
  };
  const z = "float[N,5,6,7] z";
  const text = (nodes: string): string =>
    branches([6, 7], list, nodes).replace("float[N,3,6,7] x", `float[N,3,6,7] x, ${z}`);

  it("in nested sums, in every place", async () => {
    for (const nodes of [
      "d = Add (a, z) y = Add (d, b)",
      "d = Add (z, b) y = Add (a, d)",
      "d = Add (z, b) e = Sum (d, z, z) y = Add (e, a)",
      "y = Sum (z, a, b)",
      "y = Sum (b, z, a, z)",
    ]) {
      const { ops, original } = await rewrite(text(nodes));
      expect(ops.filter((line) => line.includes("Conv"))).toHaveLength(1);
      expect(ops.length).toBeLessThan([...original.nodes()].length);
    }
  });

  it("the larger kernel behind the sum that it goes into", async () => {
    const late = text("d = Add (z, b) y = Add (d, a)");
    const [node] = /a = Conv .*? \(x, Wa, ba\)/.exec(late) ?? [""];
    const before = late.replace(node, "").replace("y = Add (d, a)", `${node} y = Add (d, a)`);
    await expectRewrite(before, ["a = Conv(x, Wa, ba)", "y = Add(z, a)"]);
  });

  it("a stretched term beside them", async () => {
    const small = text("d = Add (b, z) y = Add (d, a)").replace(z, "float[5,1,1] z");
    await expectRewrite(small, ["a = Conv(x, Wa, ba)", "y = Add(a, z)"]);
  });

  it("two pairs of one sum", async () => {
    const before = graphText(
      "float[N,3,6,7] x, float[N,4,6,7] u",
      [
        ...constants("a", { kernel: [1, 1] }, SOME),
        ...constants("b", { kernel: [1, 1] }, SOME),
        ...constants("c", { kernel: [1, 1] }, { ...SOME, from: 4 }),
        ...constants("d", { kernel: [1, 1] }, { ...SOME, from: 4 }),
      ],
      `a = Conv (x, Wa, ba) c = Conv (u, Wc, bc) b = Conv (x, Wb, bb) d = Conv (u, Wd, bd)
       y = Sum (a, c, b, d)`,
    );
    const { ops } = await rewrite(before);
    expect(ops).toHaveLength(3);
  });

  it("inside the branches of an If, which read x from around", async () => {
    const body = (name: string): string =>
      `${name} () => (o) { a = Conv <pads = [1, 1, 1, 1]> (x, Wa, ba) b = Conv (x, Wb, bb) o = Add (b, a) }`;
    const before = graphText(
      "float[N,3,6,7] x, bool p",
      [...constants("a", list.a, SOME), ...constants("b", list.b, SOME)],
      `y = If (p) <then_branch = ${body("t")}, else_branch = ${body("e")}>`,
      "float[N,5,6,7] y",
    );
    const { ops } = await rewrite(before, { passes: ["merge-parallel-branches", "eliminate-dead"] });
    expect(ops.filter((line) => line.includes("Conv"))).toHaveLength(2);
    expect(ops.filter((line) => line.includes("Add"))).toHaveLength(0);
  });
});

describe("refused", () => {
  const list = {
    a: { kernel: [3, 3], attributes: "pads = [1, 1, 1, 1]" },
    b: { kernel: [1, 1] },
  };
  const pair = (a: Branch, b: Branch, image: readonly number[] = [6, 7]): string =>
    branches(image, { a, b }, "y = Add (a, b)");

  it("other readers and graph outputs", async () => {
    await expectRefused(
      branches([6, 7], list, "s = Add (a, b) y = Mul (s, a)"),
      "output-has-other-uses",
      ONLY,
    );
    await expectRefused(
      branches([6, 7], list, "s = Add (a, b) y = Mul (s, b)"),
      "output-has-other-uses",
      ONLY,
    );
    const output = branches([6, 7], list, "y = Add (a, b)").replace("=> (y)", "=> (y, a)");
    await expectRefused(output, "value-is-graph-output", ONLY);
  });

  it("weights that are not constant", async () => {
    const input = branches([6, 7], list, "y = Add (a, b)").replace(" x)", " x, float[5,3,1,1] V)");
    await expectRefused(
      input.replace("Conv <group = 1> (x, Wb, bb)", "Conv (x, V, bb)"),
      /weight W "V" is a graph input/,
      ONLY,
    );
    const overridable = input
      .replace("Conv <group = 1> (x, Wb, bb)", "Conv (x, V, bb)")
      .replace("<float[5,3,3,3] Wa", `<${constant("V", [5, 3, 1, 1])}, float[5,3,3,3] Wa`);
    await expectRefused(modelText(overridable), /"V" is a graph input, whose default a caller can override/, {
      ...ONLY,
    });
    const computed = branches([6, 7], list, "y = Add (a, b)")
      .replace("a = Conv", "V = Relu (Wb) a = Conv")
      .replace("(x, Wb, bb)", "(x, V, bb)");
    await expectRefused(computed, /"V" is computed by Relu/, ONLY);
  });

  it("geometries that do not fit", async () => {
    const same = "pads = [1, 1, 1, 1]";
    await expectRefused(
      pair(
        { kernel: [3, 3], attributes: `${same}, strides = [6, 7]` },
        { kernel: [1, 1], attributes: "strides = [6, 8]" },
        [6, 7],
      ),
      /their strides differ \(\[6,7\] and \[6,8\]\)/,
      ONLY,
    );
    await expectRefused(
      pair(
        { kernel: [1, 3], attributes: "pads = [0, 1, 0, 1]" },
        { kernel: [3, 1], attributes: "pads = [1, 0, 1, 0]" },
      ),
      /are not among those/,
      ONLY,
    );
    await expectRefused(
      pair(
        { kernel: [3, 3], attributes: "pads = [2, 1, 0, 1]" },
        { kernel: [3, 3], attributes: "pads = [0, 1, 2, 1]" },
      ),
      /are not among those/,
      ONLY,
    );
    await expectRefused(
      pair(
        { kernel: [3, 3], attributes: "pads = [2, 2, 2, 2], dilations = [2, 2]" },
        { kernel: [3, 3], attributes: same },
      ),
      /are not among those/,
      ONLY,
    );
    await expectRefused(
      pair({ kernel: [6, 7] }, { kernel: [3, 3], attributes: same }),
      /not proven to have one size|are not among/,
      ONLY,
    );
  });

  it("Convs of different inputs", async () => {
    const before = branches([6, 7], list, "y = Add (a, b)")
      .replace("(x, Wb, bb)", "(z, Wb, bb)")
      .replace(" x)", " x, float[N,3,6,7] z)");
    await expectRefused(before, undefined, ONLY);
  });
});

describe("any two kernels", () => {
  it("become one where one contains the other, and compute the same in any case", async () => {
    const axis = fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      inner: fc.integer({ min: 1, max: 4 }),
      offset: fc.constantFrom(0, 0, 1, 1, 2, -1),
      begin: fc.integer({ min: 0, max: 3 }),
      end: fc.integer({ min: 0, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      stride: fc.integer({ min: 1, max: 2 }),
    });
    let merged = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: 1, maxLength: 2 }),
        fc.constantFrom(...Object.values(GROUPS)),
        fc.boolean(),
        fc.boolean(),
        async (axes, channels, swapped, bias) => {
          const large = axes.map(({ size }) => size);
          const small = axes.map(({ size, inner }) => Math.min(inner, size));
          // The guest's taps start `offset` taps into the host's; where pads would be negative, somewhere else.
          const pads = axes.map(({ begin, offset, dilation }) => begin - offset * dilation);
          const ends = axes.map(({ begin, end, dilation, size }, i) => {
            const grows = begin + end - dilation * (size - 1);
            return grows - (pads[i] ?? 0) + dilation * ((small[i] ?? 1) - 1);
          });
          fc.pre([...pads, ...ends].every((pad) => pad >= 0));
          const common = `strides = [${axes.map(({ stride }) => stride)}], dilations = [${axes.map(({ dilation }) => dilation)}]`;
          const a: Branch = {
            kernel: large,
            attributes: `${common}, pads = [${[...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)]}]`,
            bias,
          };
          const b: Branch = { kernel: small, attributes: `${common}, pads = [${[...pads, ...ends]}]` };
          const image = axes.map((_, i) => 8 + i);
          const sum = swapped ? "y = Add (b, a)" : "y = Add (a, b)";
          const { ops } = await rewrite(branches(image, { a, b }, sum, channels), ONLY);
          const inside = axes.every(({ offset, size }, i) => offset >= 0 && offset + (small[i] ?? 1) <= size);
          if (inside) expect(ops).toHaveLength(1);
          if (ops.length === 1) merged++;
        },
      ),
      { numRuns: 60, seed: 11 },
    );
    expect(merged).toBeGreaterThan(20);
    expect(merged).toBeLessThan(60);
  }, 120_000);
});
