import { expect, test } from "vitest";
import { groupRefusals } from "../../src/report/tally.js";
import type { RefusalRecord } from "../../src/rewrite/pass.js";

function refusal(node: string, reason: string, opType = "BatchNormalization"): RefusalRecord {
  return { pass: "fold-affine-up", node: `${opType} "${node}"`, opType, id: "some-reason", reason };
}

test("of several passes' words on a node the first one counts", () => {
  const first = { ...refusal("a", "first"), pass: "compose-affine" };
  const groups = groupRefusals([first, refusal("a", "second")]);
  expect(groups.map(({ reason, records }) => [reason, records.length])).toEqual([["first", 1]]);
});
