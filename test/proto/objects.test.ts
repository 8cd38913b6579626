import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { modelFromProto, modelToProto } from "../../src/proto/objects.js";
import { encode, seen } from "./support.js";

const built = new URL("../../dist/src/proto/objects.js", import.meta.url);

describe("objects of onnx-proto", () => {
  // Node and vitest see different exports of a CommonJS package.
  it.skipIf(!existsSync(built))("become models outside vitest too (skipped: not built)", () => {
    const proto = { irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph: { name: "plain" } };
    const script = `
      const { modelFromProto } = await import(${JSON.stringify(built.href)});
      console.log((await modelFromProto(${JSON.stringify(proto)})).graph.name);
    `;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(out).toBe("plain\n");
  });

  it("become models and come back", async () => {
    const proto = onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 17 }],
      graph: {
        name: "g",
        node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
        input: [{ name: "x", type: { tensorType: { elemType: 1 } } }],
        output: [{ name: "y", type: { tensorType: { elemType: 1 } } }],
        initializer: [{ name: "w", dims: [1], dataType: 1, floatData: [3] }],
      },
    });
    const model = await modelFromProto(proto);
    expect(model.graph.first?.opType).toBe("Relu");
    const back = modelToProto(model, onnx.ModelProto);
    expect(onnx.ModelProto.encode(back).finish()).toEqual(onnx.ModelProto.encode(proto).finish());
    expect(seen(encode(model))).toEqual(seen(onnx.ModelProto.encode(proto).finish()));
  });
});
