import { describe, expect, it } from "vitest";
import { namedStatistics, trueRanks } from "../../src/staging/crashes.js";
import { runtimeForm } from "../../src/staging/form.js";
import { parseModel } from "../../src/text/parse.js";

const parse = (text: string, opset: number): ReturnType<typeof parseModel> =>
  parseModel(`<ir_version: 8, opset_import: ["" : ${opset}]> ${text}`);

describe("statistics of a training BatchNormalization", () => {
  const PARAMETERS = "<float[2] s = {1,2}, float[2] b = {0,0}, float[2] m = {0,0}, float[2] v = {1,1}>";
  it.each([
    [15, 'n, "", "" = BatchNormalization <training_mode = 1> (x, s, b, m, v)', 3],
    [9, 'n, "", "", "", "" = BatchNormalization(x, s, b, m, v)', 5],
  ])("get names at opset %i", (opset, node, count) => {
    const model = parse(`g (float[4,2] x) => (float[4,2] y) ${PARAMETERS} { ${node}  y = Relu(n) }`, opset);
    expect(namedStatistics.isNeeded(model)).toBe(true);
    const [first] = runtimeForm(model).nodes();
    expect(first?.outputs).toHaveLength(count);
    expect(new Set(first?.outputs.map((value) => value?.name)).size, "a name for each").toBe(count);
    expect(first?.outputs).not.toContain(null);
    expect(first?.outputs[0]?.uses.size).toBe(1);
    expect([...model.nodes()][0]?.outputs, "the model itself stays").toContain(null);
  });

  it("keep the name of an output, and others stay", () => {
    const model = parse(
      `g (float[4,2] x) => (float[4,2] y) ${PARAMETERS} { y, "", "" = BatchNormalization <training_mode = 1> (x, s, b, m, v) }`,
      15,
    );
    expect(runtimeForm(model).graph.outputs.map(({ name }) => name)).toEqual(["y"]);
    expect(namedStatistics.isNeeded(parse('g (float[2] x) => (float[2] y) { y, "" = Dropout(x) }', 13))).toBe(
      false,
    );
  });
});

describe("declared ranks that contradict the operator", () => {
  const typed = (declared: string, node: string): ReturnType<typeof parseModel> =>
    parse(
      `g (float[3,2] x, float[2] z) => (float[6,2] y) <${declared} k> { k = ${node}  y = Concat <axis = 0> (k, k) }`,
      13,
    );

  it.each([
    ["float[2]", "Relu(x)"],
    ["float[2]", "Add(x, z)"],
    ["float[1,3,2]", "Identity(x)"],
  ])("%s of %s is not told to the runtime", (declared, node) => {
    const model = typed(declared, node);
    expect(trueRanks.isNeeded(model)).toBe(true);
    const k = [...runtimeForm(model).nodes()][0]?.outputs[0];
    expect(k?.type).toEqual({ kind: "tensor", dtype: "float", shape: undefined });
  });

  it.each([
    ["float[3,2]", "Relu(x)"],
    ["float[N,2]", "Add(z, x)"],
    ["float[2]", "Transpose(x)"],
  ])("%s of %s stays", (declared, node) => {
    expect(trueRanks.isNeeded(typed(declared, node))).toBe(false);
  });
});
