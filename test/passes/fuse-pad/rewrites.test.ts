import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText, literal } from "../../support/text.js";

const ONLY = { passes: ["fuse-pad"] } as const;
const W = constant("W", [4, 3, 3, 2]);

function ints(name: string, ...values: readonly number[]): string {
  return literal(name, [values.length], values, "int64");
}

const PADS = ints("p", 0, 0, 1, 0, 0, 0, 2, 1);

describe("fuse-pad: Conv", () => {
  it("takes the border beside its own", async () => {
    const outcome = await expectRewrite(
      graphText("float[N,3,H,W0] x", [PADS, W], "q = Pad (x, p) y = Conv <pads = [1, 1, 0, 1]> (q, W)"),
      ["y = Conv(x, W)"],
      { ...ONLY, shapes: { x: [2, 3, 6, 5] } },
    );
    expect(outcome.model.graph.first?.ints("pads")).toEqual([2, 1, 2, 2]);
  });

  it("takes the border through a Cast of floating-point numbers, of zeros only", async () => {
    const nodes = "q = Pad (x, p) c = Cast <to = 1> (q) y = Conv (c, W)";
    for (const dtype of ["float16", "double"]) {
      const { ops } = await rewrite(graphText(`${dtype}[2,3,6,5] x`, [PADS, W], nodes), {
        ...ONLY,
        runnable: "maybe",
      });
      expect(ops).toEqual(["c_unpadded = Cast(x)", "y = Conv(c_unpadded, W)"]);
    }
    for (const [dtype, more, pad] of [
      ["int32", "int32 v = {0}", "Pad (x, p)"],
      ["double", "double v = {2}", "Pad (x, p, v)"],
    ] as const) {
      const kept = await rewrite(
        graphText(`${dtype}[2,3,6,5] x`, [PADS, W, more], nodes.replace("Pad (x, p)", pad)),
        { ...ONLY },
      );
      expect(kept.ops).toHaveLength(3);
    }
  });

  it("takes pads of an attribute, and of named axes, in one and three dimensions", async () => {
    await expectRewrite(
      graphText(
        "float[2,3,7] x",
        [constant("V", [4, 3, 3])],
        "q = Pad <pads = [0, 0, 2, 0, 0, 1]> (x) y = Conv (q, V)",
      ),
      ["y = Conv(x, V)"],
      { ...ONLY, opset: 9 },
    );
    await expectRewrite(
      graphText(
        "float[2,3,4,5,6] x",
        [constant("V", [4, 3, 2, 3, 2]), ints("p", 1, 0, 2, 3), ints("ax", -1, 2), literal("v", [], [0])],
        "q = Pad (x, p, v, ax) y = Conv (q, V)",
      ),
      ["y = Conv(x, V)"],
      { ...ONLY, opset: 18 },
    );
  });

  it("takes it through a Transpose", async () => {
    const outcome = await expectRewrite(
      graphText(
        "float[2,6,5,3] x",
        [ints("p", 0, 1, 0, 0, 0, 2, 1, 0), W],
        'q = Pad (x, p) t = Transpose <perm = [0, 3, 1, 2]> (q) y = Conv (t, W) z = Conv <auto_pad = "VALID"> (t, W)',
        "y, z",
      ),
      ["t_unpadded = Transpose(x)", "y = Conv(t_unpadded, W)", "z = Conv(t_unpadded, W)"],
      ONLY,
    );
    expect(outcome.model.graph.last?.ints("pads")).toEqual([1, 0, 2, 1]);
  });

  it("every reader takes it, or none", async () => {
    const head = "q = Pad (x, p) y = Conv (q, W) z = MaxPool <kernel_shape = [3, 3]> (q)";
    await expectRewrite(
      graphText(
        "float[2,3,6,5] x",
        [PADS, W],
        "q = Pad (x, p) y = Conv (q, W) z = Conv <strides = [2, 1]> (q, W)",
        "y, z",
      ),
      ["y = Conv(x, W)", "z = Conv(x, W)"],
      ONLY,
    );
    await expectRefused(
      graphText("float[2,3,6,5] x", [PADS, W], head, "y, z"),
      "border-may-be-largest",
      ONLY,
    );
    await expectRefused(
      graphText("float[2,3,6,5] x", [PADS, W], "q = Pad (x, p) y = Conv (q, W) z = Relu (q)", "y, z"),
      "reader-has-no-border",
      ONLY,
    );
    await expectRefused(
      graphText("float[2,3,6,5] x", [PADS, W], "q = Pad (x, p) y = Conv (q, W)", "y, q"),
      "padded-value-is-seen-otherwise",
      ONLY,
    );
  });

  const refusals: readonly (readonly [string, string, string | RegExp, readonly string[]])[] = [
    ["another mode", 'q = Pad <mode = "edge"> (x, p) y = Conv (q, W)', "pad-mode-is-not-constant", [PADS]],
    [
      "another value",
      "q = Pad (x, p, v) y = Conv (q, W)",
      "border-value-differs",
      [PADS, literal("v", [], [0.5])],
    ],
    [
      "channels",
      "q = Pad (x, p) y = Conv (q, V)",
      "batch-or-channels-are-padded",
      [ints("p", 0, 1, 1, 0, 0, 0, 1, 1), constant("V", [2, 4, 3, 2])],
    ],
    ["cutting", "q = Pad (x, p) y = Conv (q, W)", "pads-are-negative", [ints("p", 0, 0, -1, 0, 0, 0, 1, 1)]],
    [
      "automatic pads",
      'q = Pad (x, p) y = Conv <auto_pad = "SAME_UPPER"> (q, W)',
      "auto-pad-follows-padded-size",
      [PADS],
    ],
  ];
  for (const [name, nodes, reason, constants] of refusals) {
    it(`refuses: ${name}`, async () => {
      await expectRefused(graphText("float[2,3,6,5] x", [W, ...constants], nodes), reason, ONLY);
    });
  }

  it("of whole numbers takes its zero point", async () => {
    const nodes = "q = Pad (x, p, v) y = ConvInteger (q, V, z)";
    const weight = literal("V", [1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8], "uint8");
    const constants = (value: number): string[] => [
      PADS,
      weight,
      literal("v", [], [value], "uint8"),
      literal("z", [], [7], "uint8"),
    ];
    await expectRewrite(
      graphText("uint8[1,2,4,5] x", constants(7), nodes),
      ["y = ConvInteger(x, V, z)"],
      ONLY,
    );
    await expectRefused(graphText("uint8[1,2,4,5] x", constants(0), nodes), "border-value-differs", ONLY);
  });
});

describe("fuse-pad: pools", () => {
  it("AveragePool counts the border", async () => {
    const outcome = await expectRewrite(
      graphText("float[N,3,H,5] x", [PADS], "q = Pad (x, p) y = AveragePool <kernel_shape = [3, 2]> (q)"),
      ["y = AveragePool(x)"],
      { ...ONLY, shapes: { x: [2, 3, 6, 5] } },
    );
    expect(outcome.model.graph.first?.int("count_include_pad")).toBe(1);
  });

  it("AveragePool that leaves its own border out keeps the Pad", async () => {
    await expectRefused(
      graphText(
        "float[2,3,6,5] x",
        [PADS],
        "q = Pad (x, p) y = AveragePool <kernel_shape = [4, 3], pads = [1, 1, 1, 1]> (q)",
      ),
      "own-border-is-not-counted",
      ONLY,
    );
  });

  it("MaxPool takes the least number, and zero behind Relu", async () => {
    await expectRewrite(
      graphText(
        "float[2,3,6,5] x",
        [PADS, "float v = {-inf}"],
        "q = Pad (x, p, v) y = MaxPool <kernel_shape = [3, 2], strides = [2, 1]> (q)",
      ),
      ["y = MaxPool(x)"],
      ONLY,
    );
    await expectRewrite(
      graphText(
        "float[2,3,6,5] x",
        [PADS],
        "r = Relu (x) q = Pad (r, p) y = MaxPool <kernel_shape = [3, 2], strides = [2, 1]> (q)",
      ),
      ["r = Relu(x)", "y = MaxPool(r)"],
      ONLY,
    );
  });

  it("MaxPool keeps a Pad of zero without a proof, with Indices, and wider than its window", async () => {
    const pool = (attributes: string, outputs = "y"): string =>
      graphText(
        "float[2,3,6,5] x",
        [PADS],
        `r = Relu (x) q = Pad (r, p) ${outputs} = MaxPool <${attributes}> (q)`,
        outputs,
      );
    await expectRefused(
      graphText("float[2,3,6,5] x", [PADS], "q = Pad (x, p) y = MaxPool <kernel_shape = [3, 2]> (q)"),
      "border-may-be-largest",
      ONLY,
    );
    await expectRefused(pool("kernel_shape = [3, 2]", "y, i"), "indices-count-border", ONLY);
    await expectRefused(pool("kernel_shape = [2, 2]"), "border-is-as-wide-as-window", ONLY);
    await expectRefused(
      pool("kernel_shape = [3, 2], strides = [2, 2], ceil_mode = 1"),
      "last-window-may-start-in-border",
      ONLY,
    );
  });
});
