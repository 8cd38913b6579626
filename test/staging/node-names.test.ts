import { describe, expect, it } from "vitest";
import { uniqueNodeNames } from "../../src/staging/node-names.js";
import { parseModel } from "../../src/text/parse.js";

const HEADER = `<ir_version: 8, opset_import: ["" : 17]>`;
const model = (nodes: string): ReturnType<typeof parseModel> =>
  parseModel(`${HEADER} g (float[2] x) => (float[2] y) { ${nodes} }`);

describe("names of nodes", () => {
  it("are told apart, and the first keeps its name", () => {
    const twins = model(
      "[a] s = Relu(x) [a_1] t = Neg(s) [a] u = Abs(t) [a] v = Neg(u) w = Abs(v) y = Neg(w)",
    );
    expect(uniqueNodeNames.isNeeded(twins)).toBe(true);
    uniqueNodeNames.apply(twins);
    expect([...twins.nodes()].map((node) => node.name)).toEqual([
      "a",
      "a_1",
      "a_2",
      "a_3",
      undefined,
      undefined,
    ]);
    expect(uniqueNodeNames.isNeeded(twins)).toBe(false);
  });

  it("may be missing, and may repeat in different graphs", () => {
    expect(uniqueNodeNames.isNeeded(model("[a] t = Relu(x) s = Neg(t) y = Abs(s)"))).toBe(false);
  });
});
