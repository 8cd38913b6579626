import { describe, expect, it } from "vitest";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { runtimeBytes, runtimeForm } from "../../src/staging/form.js";
import { parseModel } from "../../src/text/parse.js";

const PLAIN = `<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { y = Relu(x) }`;

describe("the form that the runtime takes", () => {
  it("is the model itself where nothing has to change", () => {
    const model = parseModel(PLAIN);
    expect(runtimeForm(model)).toBe(model);
  });

  it("leaves the given model as it is", () => {
    const model = parseModel(PLAIN.replace("8", "14").replace("17", "28"));
    expect(runtimeForm(model)).not.toBe(model);
    expect([model.irVersion, model.opset()]).toEqual([14, 28]);
  });

  it.each([
    ["the newest version of the format and of the operators", PLAIN.replace("8", "14").replace("17", "28")],
    ["two nodes of one name", PLAIN.replace("y = Relu(x)", "[a] t = Relu(x) [a] y = Neg(t)")],
    ["an operator without a kernel", PLAIN.replace("17", "6").replace("Relu(x)", "Mul(x, x)")],
    [
      "an operator without a kernel for its newest version",
      PLAIN.replace("17", "22").replace("Relu(x)", "RandomUniformLike(x)"),
    ],
  ])("onnxruntime takes %s", async (_, text) => {
    const runtime = await defaultRuntime();
    const session = await runtime.open({ kind: "bytes", bytes: runtimeBytes(parseModel(text)) });
    expect(session.outputs.map(({ name }) => name)).toEqual(["y"]);
    await session.close();
  });
});
