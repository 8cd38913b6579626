import { describe, expect, it } from "vitest";
import { expectRefusal, expectRewrite, rewrite } from "../support/rewrite.js";
import { graphText, literal } from "../support/text.js";

const AT_23 = { opset: 23 };
const LISTS = [
  "int64[1] zero = {0}, int64[1] one = {1}, int64[1] four = {4}, int64[1] eight = {8}, int64[1] three = {3}",
  "float minus = {-1}, float half = {0.5}, int64[1] last = {-1}",
];
const HALVES = "a = Slice (x, zero, four, three) b = Slice (x, four, eight, three)";
const TURN = "n = Neg (b) o = Concat <axis = 3> (n, a)";
const SUM = "p = Mul (x, C) s = Mul (o, S) y = Add (p, s)";
const TABLES = `h = Concat <axis = 2> (f, f) c = Cos (h) d = Sin (h) C = Unsqueeze (c, one) S = Unsqueeze (d, one)`;

const rotary = (
  body: string,
  inputs = "float[2,3,5,8] x, float[2,5,4] f",
  constants: readonly string[] = [],
): string => graphText(inputs, [...LISTS, ...constants], body);

const COMPUTED = ["c_half = Cos(f)", "d_half = Sin(f)", "y = RotaryEmbedding(x, c_half, d_half)"];

/** cos and sin of position times width, with equal halves. */
function table(name: string, f: (angle: number) => number): string {
  const elements = Array.from({ length: 40 }, (_, at) => f(Math.floor(at / 8) * (1 + (at % 4))));
  return literal(name, [1, 1, 5, 8], elements);
}

const CONSTANT = [table("C", Math.cos), table("S", Math.sin)];

describe("a rotary embedding that is spelled out", () => {
  it("has its operands in either order, and its halves by Slice or Split", async () => {
    await expectRewrite(rotary(`${TABLES} ${HALVES} ${TURN} ${SUM}`), COMPUTED, AT_23);
    await expectRewrite(
      rotary(`${TABLES} ${HALVES} ${TURN} p = Mul (C, x) s = Mul (S, o) y = Add (s, p)`),
      COMPUTED,
      AT_23,
    );
    const split = "a, b = Split <axis = -1, num_outputs = 2> (x)";
    await expectRewrite(rotary(`${TABLES} ${split} ${TURN} ${SUM}`), COMPUTED, AT_23);
    const product = "n = Mul (b, minus) o = Concat <axis = -1> (n, a)";
    await expectRewrite(rotary(`${TABLES} ${HALVES} ${product} ${SUM}`), COMPUTED, AT_23);
  });

  it("has tables that are scaled", async () => {
    const tables = `h = Concat <axis = -1> (f, f) c = Cos (h) d = Sin (h) e = Mul (c, half) g = Mul (half, d)
                    C = Unsqueeze (e, one) S = Unsqueeze (g, one)`;
    const { ops } = await rewrite(rotary(`${tables} ${HALVES} ${TURN} ${SUM}`), AT_23);
    expect(ops.filter((op) => op.includes("RotaryEmbedding"))).toHaveLength(1);
    expect(ops).toHaveLength(5);
  });

  it("has constant tables that all of a batch share", async () => {
    const { model } = await expectRewrite(
      rotary(`${HALVES} ${TURN} ${SUM}`, "float[2,3,5,8] x", CONSTANT),
      ["y = RotaryEmbedding(x, C_half, S_half, position_ids)"],
      AT_23,
    );
    const positions = [...model.graph.initializers].find(({ name }) => name === "position_ids")?.tensor;
    expect([...(positions?.toFloat64() ?? [])]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  });

  it("of a dynamic batch and sequence with angles of its own", async () => {
    await expectRewrite(
      rotary(`${TABLES} ${HALVES} ${TURN} ${SUM}`, "float[N,3,T,8] x, float[N,T,4] f"),
      COMPUTED,
      AT_23,
    );
  });

  it.each([
    ["halves exchanged", `${TABLES} ${HALVES} n = Neg (a) o = Concat <axis = 3> (n, b) ${SUM}`],
    ["no minus", `${TABLES} ${HALVES} o = Concat <axis = 3> (b, a) ${SUM}`],
    [
      "halves of unequal size",
      `${TABLES} a = Slice (x, zero, three, three) b = Slice (x, three, eight, three) ${TURN} ${SUM}`,
    ],
  ])("with %s is none", async (_, body) => {
    const { ops } = await rewrite(rotary(body), AT_23);
    expect(ops.filter((op) => op.includes("RotaryEmbedding"))).toEqual([]);
  });

  it("with tables of unequal halves is none", async () => {
    const elements = Array.from({ length: 40 }, (_, at) => Math.cos(at));
    const text = rotary(`${HALVES} ${TURN} ${SUM}`, "float[2,3,5,8] x", [
      literal("C", [1, 1, 5, 8], elements),
      table("S", Math.sin),
    ]);
    expect((await rewrite(text, AT_23)).ops.filter((op) => op.includes("RotaryEmbedding"))).toEqual([]);
  });

  it("says which opset has it", async () => {
    expectRefusal(
      await rewrite(rotary(`${TABLES} ${HALVES} ${TURN} ${SUM}`), { opset: 18 }),
      /it spells out RotaryEmbedding, which opset 18 does not have/,
    );
  });
});
