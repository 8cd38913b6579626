import { expect, it } from "vitest";
import { headline, raisedText } from "../../src/report/headline.js";
import { paragraph } from "../../src/report/layout.js";
import { PLAIN } from "../support/style.js";

it("names the files and the size of the result, and marks the names", () => {
  const [input, output] = [
    { path: "a.onnx", bytes: 1 },
    { path: "b.onnx", bytes: 2000 },
  ];
  const style = { ...PLAIN, bold: (text: string): string => `\u001b[1m${text}\u001b[22m` };
  expect(paragraph(headline(input, output, PLAIN), 0)).toEqual(["a.onnx -> b.onnx (2.0 kB)"]);
  expect(paragraph(headline(input, output, style), 0)).toEqual([
    "\u001b[1ma.onnx\u001b[22m -> \u001b[1mb.onnx\u001b[22m (2.0 kB)",
  ]);
  expect(paragraph(headline(input, undefined, PLAIN), 0)).toEqual(["a.onnx"]);
});

it("says what a raised IR version is for", () => {
  expect(raisedText(4)).toBe("IR version raised to 4, which its opset or its new constants need");
});
