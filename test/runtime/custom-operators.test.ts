import { expect, it } from "vitest";
import { encodeToBytes } from "../../src/proto/encode.js";
import { customOperatorReason } from "../../src/runtime/custom-operators.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { parseModel } from "../../src/text/parse.js";

const MODEL = `<ir_version: 8, opset_import: ["" : 17, "com.acme" : 1]> g (float[2] x) => (float[2] y) { y = com.acme.Foo(x) }`;

it("says in words that an operator is custom", async () => {
  const runtime = await defaultRuntime();
  await expect(
    runtime.open({ kind: "bytes", bytes: encodeToBytes(parseModel(MODEL)) }),
  ).rejects.toMatchObject({
    code: "unsupported",
    message: /"Foo" of domain "com.acme" is a custom operator/,
  });
});

it("leaves other reasons", () => {
  for (const reason of [
    "no kernel",
    "Fatal error: ai.onnx.preview:FlexAttention(-1) is not a registered function/op",
  ]) {
    expect(customOperatorReason(reason)).toBe(reason);
  }
});
