import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { isRefusal } from "../../../src/base/refusal.js";
import { liftBatchNormalization } from "../../../src/ops/normalization/lift.js";
import { parseGraph } from "../../../src/text/parse.js";

const PARAMETERS = [
  "float[2] g = {1, 3}",
  "float[2] b = {0.5, 1}",
  "float[2] m = {2, -1}",
  "float[2] v = {4, 9}",
];

function lifted(
  attributes: string,
  opset: number,
  parameters = PARAMETERS,
  outputs = "y",
  sizes = "N,2,5",
): unknown {
  const constants = parameters.join(", ");
  const model = parseGraph(
    `g (float[${sizes}] x) => (float[] y) <${constants}> { ${outputs} = BatchNormalization ${attributes} (x, g, b, m, v) }`,
    { opset },
  );
  const node = model.graph.first;
  const found = node && liftBatchNormalization(node, createFacts(model));
  if (found === undefined || isRefusal(found)) return found?.kind;
  return [found.axis, [...found.map.scale], [...found.map.shift]];
}

describe("BatchNormalization as a map", () => {
  it("is gamma over the deviation, and beta without the mean", () => {
    expect(lifted("<epsilon: float = 0.0>", 17)).toEqual([1, [0.5, 1], [-0.5, 2]]);
  });

  it("adds epsilon, by default the specification's float32", () => {
    const unit = ["float[2] g = {1, 1}", "float[2] b = {0, 0}", "float[2] m = {0, 0}", "float[2] v = {0, 1}"];
    const epsilon = Math.fround(1e-5);
    expect(lifted("", 17, unit)).toEqual([1, [1 / Math.sqrt(epsilon), 1 / Math.sqrt(1 + epsilon)], [0, 0]]);
  });

  it.each<[string, string, number, string?]>([
    ["training_mode", "<training_mode = 1>", 15],
    ["is_test = 0", "", 6],
    ["statistics outputs", "", 9, "y, a, c"],
    ["spatial = 0", "<spatial = 0>", 8],
  ])("is none in training form: %s", (_, attributes, opset, outputs) => {
    expect(lifted(attributes, opset, PARAMETERS, outputs)).toBe("refusal");
  });

  it("is none of what has no axis of channels", () => {
    expect(lifted("", 17, PARAMETERS, "y", "2")).toBe("refusal");
    expect(lifted("", 17, PARAMETERS, "y", "N,2")).toHaveLength(3);
  });

  it("is none for a variance without a root", () => {
    expect(lifted("", 17, [...PARAMETERS.slice(0, 3), "float[2] v = {1, -1}"])).toBe("refusal");
  });
});
