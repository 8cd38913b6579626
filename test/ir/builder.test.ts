import { describe, expect, it } from "vitest";
import { Builder } from "../../src/ir/builder.js";
import { verify } from "../../src/ir/verify.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { sketch } from "../support/text.js";

describe("Builder", () => {
  const model = (): ReturnType<typeof parseGraph> =>
    parseGraph("g (float[N] x) => (float[N] y) { y = Relu (x) }", { opset: 17 });

  it("adds nodes before one, under free names with its prefix", () => {
    const given = model();
    const [x] = given.graph.inputs;
    const build = new Builder(given.graph, { before: given.graph.first, prefix: "new_" });
    const sum = build.op("Add", [x ?? null, build.scalar(0.5, "float")]);
    build.op("Add", [sum, sum]);
    expect(sketch(given)).toEqual([
      "new_Add = Add(x, new_constant)",
      "new_Add_1 = Add(new_Add, new_Add)",
      "y = Relu(x)",
    ]);
    expect(verify(given)).toEqual([]);
  });

  it("makes equal constants once, and tells -0 from 0 and types from each other", () => {
    const build = new Builder(model().graph);
    expect(build.ints([1, 2])).toBe(build.ints([1, 2]));
    expect(build.ints([1])).not.toBe(build.int(1));
    expect(build.scalar(0, "float")).not.toBe(build.scalar(-0, "float"));
    expect(build.scalar(1, "float")).not.toBe(build.scalar(1, "double"));
    expect(build.int(7).tensor?.dims).toEqual([]);
    expect(build.ints([7]).tensor?.dtype).toBe("int64");
  });

  it("writes constants as nodes in a function body, one for each reader", () => {
    const { functions } = parseModel(
      `<ir_version: 8, opset_import: ["" : 17, "f" : 1]> g (float[1] x) => (float[1] y) { y = f.F (x) }
       <domain: "f", opset_import: ["" : 17]> F (a) => (b) { b = Relu (a) }`,
    );
    const body = functions[0]?.body;
    if (body === undefined) throw new Error("a function");
    const build = new Builder(body, { before: body.first });
    const [first, second] = [build.int(1), build.int(1)];
    expect(first).not.toBe(second);
    expect([first.producer?.opType, body.initializers.size]).toEqual(["Constant", 0]);
  });

  it("gives as many outputs as are asked for", () => {
    const given = model();
    const [x] = given.graph.inputs;
    const outputs = new Builder(given.graph).ops("Split", [x ?? null], 2, { axis: 0 }, "part");
    expect(outputs.map(({ name }) => name)).toEqual(["part", "part_out1"]);
  });
});
