import { expect, it } from "vitest";
import { assertNamesOnnx } from "../../src/node/extensions.js";

it.each([
  "a.onnx",
  "a.ONNX",
  "a.pb",
  "a.bin",
  "a",
  ".onnx",
  "a.b/c",
  "a.ort.onnx",
  "/dev/stdout",
  "a.v2",
  "a.",
])("takes %s", (path) => expect(() => assertNamesOnnx(path)).not.toThrow());

it.each([
  "a.ort",
  "a.TFLITE",
  "a.pt",
  "b/a.json",
  "a.txt",
  "a.onnx.gz",
  "a.onnxtxt",
  ".ort",
  "a.constructor.xml",
])("refuses %s", (path) =>
  expect(() => assertNamesOnnx(path)).toThrow(
    expect.objectContaining({ code: "usage", id: "name-is-of-another-format", where: { file: path } }),
  ),
);
