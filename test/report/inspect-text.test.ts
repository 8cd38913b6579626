import { expect, it } from "vitest";
import { describeModel } from "../../src/library/description.js";
import { inspectText } from "../../src/report/inspect-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { parseModel } from "../../src/text/parse.js";
import { PLAIN } from "../support/style.js";

const model = parseModel(
  `<ir_version: 8, opset_import: ["" : 17], metadata_props: ["note" : "${"long ".repeat(40)}"]>
   g (float[N,2] x) => (float[N,2] y) <float[2] s = {1, 2}> {
     a = BatchNormalization (x, s, s, s, s) b = BatchNormalization (a, s, s, s, s) y = Relu (b) }`,
);
const file = { path: `${"folder/".repeat(20)}m.onnx`, bytes: 1234 };
const text = (all: boolean): string => inspectText(file, describeModel(model), { style: PLAIN, all });

it("fits the width, with operators counted", () => {
  for (const line of text(false).split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
  expect(text(false)).toMatch(/operators {2}3\n/);
  expect(text(false)).toMatch(/parameters {2}2, 8 B in 1 initializer\n/);
});

it("groups normalizations by their neighbours, or lists each", () => {
  expect(text(false)).toMatch(
    /BatchNormalization {2}2\n {2}1 {2}BatchNormalization > BN > Relu +b\n {2}1 {2}input > BN > BatchNormalization +a\n/,
  );
  expect(text(true)).toMatch(
    / {2}a +input > BN > BatchNormalization\n {2}b +BatchNormalization > BN > Relu\n/,
  );
});
