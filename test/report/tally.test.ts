import { expect, test } from "vitest";
import { groupRefusals, refusalsById } from "../../src/report/tally.js";
import type { RefusalRecord } from "../../src/rewrite/pass.js";

function refusal(node: string, reason: string, opType = "BatchNormalization"): RefusalRecord {
  return { pass: "fold-affine-up", node: `${opType} "${node}"`, opType, id: "some-reason", reason };
}

test("of several refusals at one node the first pass's counts", () => {
  const first = { ...refusal("a", "first"), pass: "compose-affine" };
  const groups = groupRefusals([first, refusal("a", "second")]);
  expect(groups.map(({ reason, records }) => [reason, records.length])).toEqual([["first", 1]]);
});

test("refusals of one kind stand together, whatever their sentences say, the most frequent kind first", () => {
  const other = { ...refusal("c", "third"), id: "another-reason" };
  const groups = refusalsById([other, refusal("a", "first"), refusal("b", "second")]);
  expect(groups.map(([id, records]) => [id, records.map(({ reason }) => reason)])).toEqual([
    ["some-reason", ["first", "second"]],
    ["another-reason", ["third"]],
  ]);
});
