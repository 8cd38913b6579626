import { expect, test } from "vitest";
import { MODEL, modelPath, QUERY } from "../../src/unplugin/request.js";

test.each([
  ["/app/model.onnx", "/app/model.onnx"],
  ["/app/model.onnx?url", "/app/model.onnx"],
  ["/app/MODEL.ONNX?import&t=17", "/app/MODEL.ONNX"],
  ["/app/model.onnx?raw", undefined],
  ["/app/model.onnx?url&inline", undefined],
  ["/app/model.onnx.js", undefined],
  ["\0virtual.onnx", undefined],
])("the model of %j", (id, path) => {
  expect(modelPath(id)).toBe(path);
});

test("the expressions say the same", () => {
  expect(["m.onnx", "m.ONNX", "m.onnx.js"].map((path) => MODEL.test(path))).toEqual([true, true, false]);
  expect(["", "?url", "?raw", "?url&inline"].map((query) => QUERY.test(query))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
