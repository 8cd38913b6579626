import { expect, it } from "vitest";
import { type NodeRecord, nodeLabel } from "../../src/proto/records.js";

const record: NodeRecord = {
  inputs: [],
  outputs: ["", "y"],
  name: undefined,
  opType: "Conv",
  domain: undefined,
  overload: undefined,
  docString: undefined,
  attributes: [],
  metadata: [],
  unknown: undefined,
  offset: 0,
};

it("a node goes by its name, else by its first output", () => {
  expect(nodeLabel({ ...record, name: "c1" })).toBe('Conv "c1"');
  expect(nodeLabel(record)).toBe('Conv "y"');
  expect(nodeLabel({ ...record, opType: undefined, outputs: [] })).toBe('node "?"');
});
