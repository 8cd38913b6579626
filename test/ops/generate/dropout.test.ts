import { expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { dropsAtRandom } from "../../../src/ops/generate/dropout.js";
import { parseGraph } from "../../../src/text/parse.js";

it.each<[string, number, boolean]>([
  ["Dropout (x)", 6, true],
  ["Dropout <is_test = 1> (x)", 6, false],
  ["Dropout (x)", 7, false],
  ["Dropout (x)", 17, false],
  ["Dropout (x, r, no)", 17, false],
  ["Dropout (x, r, yes)", 17, true],
  ["Dropout (x, r, fed)", 17, true],
])("%s of opset %i draws: %s", (node, opset, drops) => {
  const model = parseGraph(
    `g (float[2] x, bool fed) => (float[] y) <float r = {0.5}, bool yes = {1}, bool no = {0}> { y = ${node} }`,
    { opset },
  );
  const first = model.graph.first;
  expect(first && dropsAtRandom(first, opset, createFacts(model))).toBe(drops);
});
