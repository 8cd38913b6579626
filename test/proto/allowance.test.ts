import { describe, expect, it } from "vitest";
import { type ByteSource, memorySource } from "../../src/base/bytes.js";
import { loadModel } from "../../src/library/load.js";
import { Allowance, COST } from "../../src/proto/allowance.js";
import { decodeModel } from "../../src/proto/decode.js";
import { parseModel } from "../../src/text/parse.js";
import { encode, failure } from "./support.js";

const MANY = 500;
const many = (item: (index: number) => string, separator = ", "): string =>
  Array.from({ length: MANY }, (_, index) => item(index)).join(separator);

const HEADER = '<ir_version: 10, opset_import: ["" : 17, "f" : 1]>';
const graph = (nodes: string, before = "(float[2] x) => (float[2] y)"): string =>
  `${HEADER} g ${before} { ${nodes} }`;

/** Files of many small parts, each of another kind, and the least that one part costs. */
const KINDS: Readonly<Record<string, readonly [text: string, cost: number]>> = {
  nodes: [graph(`${many((i) => `v${i} = Neg (x)`, " ")} y = Neg (x)`), COST.node + 2 * COST.operand],
  "outputs of a node": [graph(`${many((i) => `v${i}`)} = Split (x) y = Neg (x)`), COST.operand],
  "inputs of a node": [graph(`y = Sum (${many(() => "x")})`), COST.operand],
  "outputs of a graph": [
    graph("y = Neg (x)", `(float[2] x) => (${many(() => "float[2] y")})`),
    COST.declaration,
  ],
  "inputs of a graph": [
    graph("y = Neg (x)", `(float[2] x, ${many((i) => `float[2] x${i}`)}) => (y)`),
    COST.declaration,
  ],
  declarations: [
    graph("y = Neg (x)", `(float[2] x) => (y) <${many((i) => `float[2] v${i}`)}>`),
    COST.declaration,
  ],
  constants: [
    graph("y = Neg (x)", `(float[2] x) => (y) <${many((i) => `float[1] v${i} = {1.0}`)}>`),
    COST.tensor,
  ],
  dimensions: [graph("y = Neg (x)", `(float[${many(() => "1")}] x) => (y)`), COST.dimension],
  attributes: [graph(`y = f.F <${many((i) => `a${i} = 1`)}> (x)`), COST.attribute],
  "integers of an attribute": [graph(`y = f.F <a = [${many(() => "1")}]> (x)`), COST.entry],
  "floats of an attribute": [graph(`y = f.F <a = [${many(() => "1.5")}]> (x)`), COST.entry],
  "texts of an attribute": [graph(`y = f.F <a = [${many(() => '"t"')}]> (x)`), COST.pair],
  "metadata entries": [
    graph("y = Neg (x)").replace(">", `, metadata_props: [${many((i) => `"k${i}" : "v"`)}]>`),
    COST.pair,
  ],
  functions: [
    `${graph("y = Neg (x)")} ${many((i) => `<opset_import: ["" : 17], domain: "f"> F${i} (a) => (b) { b = Neg (a) }`, " ")}`,
    COST.function + COST.node,
  ],
};

describe("what a model may take", () => {
  it.each(Object.entries(KINDS))("counts %s", (_, [text, cost]) => {
    const bytes = encode(parseModel(text));
    const read = (limit: number) => () =>
      decodeModel(memorySource(bytes), { allowance: new Allowance(limit) });
    expect(failure(read(MANY * cost - 1))).toMatchObject({
      id: "model-takes-too-much-memory",
      code: "unsupported",
    });
    expect(read(4 * MANY * cost + 2 ** 17)).not.toThrow();
  });

  it.each(Object.entries(KINDS))("counts %s of a text", async (_, [text, cost]) => {
    const bytes = new TextEncoder().encode(text);
    await expect(loadModel(bytes, { modelMemory: (MANY * cost) / 8 })).rejects.toMatchObject({
      id: "model-takes-too-much-memory",
    });
    await expect(loadModel(bytes)).resolves.toBeDefined();
  });

  it("refuses before the rest is read, and names no node", () => {
    const bytes = encode(parseModel(graph(`${many((i) => `v${i} = Neg (x)`, " ")} y = Neg (x)`)));
    const padded = new Uint8Array(2 ** 24);
    padded.set(bytes);
    let end = 0;
    const source: ByteSource = {
      size: padded.length,
      read: (offset, length) => {
        end = Math.max(end, offset + length);
        return padded.subarray(offset, offset + length);
      },
    };
    const error = failure(() =>
      decodeModel(source, { file: "m.onnx", allowance: new Allowance(COST.node + 1) }),
    );
    expect(error).toMatchObject({ where: { file: "m.onnx" } });
    expect(error).not.toHaveProperty("where.element");
    expect(end).toBeLessThan(2 ** 16);
  });

  it("has a default that a model of a hundred thousand nodes stays within", async () => {
    const chain = Array.from(
      { length: 100_000 },
      (_, i) => `v${i} = Add (${i === 0 ? "x" : `v${i - 1}`}, x)`,
    );
    const model = parseModel(graph(`${chain.join(" ")} y = Neg (v99999)`));
    await expect(loadModel(encode(model))).resolves.toBeDefined();
  });
});
