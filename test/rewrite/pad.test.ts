import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { isRefusal } from "../../src/base/refusal.js";
import { attribute } from "../../src/ir/attribute.js";
import { readPad } from "../../src/rewrite/pad.js";
import { parseGraph } from "../../src/text/parse.js";

const CONSTANTS = "int64[4] p = {1, 0, 0, -1}, float v = {2.5}, int64[1] a = {-1}, int64[2] q = {3, 4}";

function read(node: string, opset: number): unknown {
  const model = parseGraph(`g (float[N,3] x, int64[4] fed) => (float[] y) <${CONSTANTS}> { y = ${node} }`, {
    opset,
  });
  const first = model.graph.first;
  const pad = first && readPad(first, createFacts(model));
  return pad === undefined || isRefusal(pad) ? pad?.kind : [pad.mode, pad.pads, pad.value];
}

it("a Pad of every version is begins, then ends, of all axes", () => {
  expect(read("Pad <paddings = [1, 0, 0, 2], value = 1.5> (x)", 1)).toEqual(["constant", [1, 0, 0, 2], 1.5]);
  expect(read('Pad <pads = [1, 0, 0, 2], mode = "edge"> (x)', 10)).toEqual(["edge", [1, 0, 0, 2], 0]);
  expect(read("Pad (x, p, v)", 13)).toEqual(["constant", [1, 0, 0, -1], 2.5]);
  expect(read("Pad (x, q, , a)", 18)).toEqual(["constant", [0, 3, 0, 4], 0]);
});

it("unknown pads and constants are refused", () => {
  expect(read("Pad (x, fed)", 13)).toBe("refusal");
  expect(read("Pad (x, q)", 13)).toBe("refusal");
});

it("an attribute that a caller gives is refused", () => {
  const model = parseGraph("g (float[N,3] x) => (float[] y) { y = Pad <pads = [1, 0, 0, 2]> (x) }", {
    opset: 10,
  });
  const pad = present(model.graph.first, "a Pad");
  pad.set(attribute("mode", { kind: "ref", ref: "given", type: "string" }));
  expect(readPad(pad, createFacts(model))).toMatchObject({ id: "attribute-is-set-by-caller" });
});
