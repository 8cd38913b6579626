import { describe, expect, it } from "vitest";
import { rewrite } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const LISTS = [
  "int64[1] two = {2}, int64[5] wide = {2, 2, 3, 7, 8}, int64[4] whole = {2, 6, 7, 8}, int64[5] times = {1, 1, 3, 1, 1}",
  "int64[6] each = {0, 0, 0, 1, 1, 1}, int64[6] turns = {0, 1, 0, 1, 0, 1}, int64[4] all = {2, 6, 7, 8}",
  "int64[4] heads = {1, 6, 1, 1}",
];

const both = (one: (x: string) => string): string => `${one("k")} ${one("v")} y = Attention (q, kr, vr)`;

async function left(body: string, heads = 2): Promise<readonly string[]> {
  const inputs = `float[2,6,5,8] q, float[2,${heads},7,8] k, float[2,${heads},7,8] v`;
  return (await rewrite(graphText(inputs, LISTS, body), { opset: 23 })).ops;
}

const ONE = ["y = Attention(q, k, v)"];

describe("keys and values repeated for groups of queries", () => {
  it.each([
    [
      "Expand",
      (x: string) =>
        `${x}u = Unsqueeze (${x}, two) ${x}e = Expand (${x}u, wide) ${x}r = Reshape (${x}e, whole)`,
    ],
    [
      "Tile",
      (x: string) =>
        `${x}u = Unsqueeze (${x}, two) ${x}e = Tile (${x}u, times) ${x}r = Reshape (${x}e, whole)`,
    ],
    [
      "Concat",
      (x: string) =>
        `${x}u = Unsqueeze (${x}, two) ${x}e = Concat <axis = 2> (${x}u, ${x}u, ${x}u) ${x}r = Reshape (${x}e, whole)`,
    ],
    ["Gather", (x: string) => `${x}r = Gather <axis = 1> (${x}, each)`],
  ])("by %s", async (_, one) => {
    expect(await left(both(one))).toEqual(ONE);
  });

  it.each([
    ["Expand", (x: string) => `${x}r = Expand (${x}, all)`],
    ["Tile", (x: string) => `${x}r = Tile (${x}, heads)`],
    ["Concat", (x: string) => `${x}r = Concat <axis = 1> (${x}, ${x}, ${x}, ${x}, ${x}, ${x})`],
  ])("of one head by %s", async (_, one) => {
    expect(await left(both(one), 1)).toEqual(ONE);
  });

  it.each([
    ["in turns", both((x) => `${x}r = Gather <axis = 1> (${x}, turns)`)],
    ["in turns by Concat", both((x) => `${x}r = Concat <axis = 1> (${x}, ${x}, ${x})`)],
    [
      "of keys alone",
      "kr = Gather <axis = 1> (k, each) vr = Gather <axis = 1> (v, turns) y = Attention (q, kr, vr)",
    ],
  ])("not %s", async (_, body) => {
    expect(await left(body)).toContain("y = Attention(q, kr, vr)");
  });
});
