import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { present } from "../../src/base/assert.js";
import { createModel, tensorFromBytes, tensorType } from "../../src/index.js";
import type { Model } from "../../src/ir/model.js";
import { stage } from "../../src/library/staging.js";
import { defaultRuntime } from "../../src/runtime/ort.js";

function modelOf(elements: number): Model {
  const model = createModel(17, "large");
  const { graph } = model;
  const x = graph.addInput({ name: "x", type: tensorType("float", [1]) });
  const weight = graph.addInitializer(
    "w",
    tensorFromBytes("float", [elements], new Uint8Array(4 * elements)),
  );
  const node = graph.addNode({ opType: "Add", inputs: [x, weight], outputs: ["y"] });
  const y = present(node.output(0), "a sum");
  y.info = { name: "y", type: tensorType("float", [elements]) };
  graph.addOutput(y);
  return model;
}

describe("a model for the runtime", () => {
  it("is a file where it is large and the runtime in another process, until it is disposed of", async () => {
    const { model, dispose } = await stage(modelOf(2 ** 22 + 1), { isolation: "process" });
    const path = model.kind === "path" ? model.path : "";
    expect(existsSync(path)).toBe(true);
    await dispose();
    expect(existsSync(path)).toBe(false);
  });

  it("is in memory elsewhere", async () => {
    const runtime = await defaultRuntime();
    const kinds = [
      await stage(modelOf(8), { isolation: "process" }),
      await stage(modelOf(2 ** 22 + 1)),
      await stage(modelOf(2 ** 22 + 1), { isolation: "process", runtime }),
    ].map(({ model }) => model.kind);
    expect(kinds).toEqual(["bytes", "bytes", "bytes"]);
  });

  it("is in memory where there is no room for a file", async () => {
    const { TMPDIR } = process.env;
    process.env["TMPDIR"] = "/nowhere";
    try {
      const { model } = await stage(modelOf(2 ** 22 + 1), { isolation: "process" });
      expect(model.kind).toBe("bytes");
    } finally {
      if (TMPDIR === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = TMPDIR;
    }
  });
});
