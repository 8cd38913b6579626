import { describe } from "vitest";
import { affineCase } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };

describe("recurrent networks", () => {
  for (const [opType, gates] of [
    ["LSTM", 4],
    ["GRU", 3],
    ["RNN", 1],
  ] as const) {
    for (const directions of [1, 2]) {
      for (const bias of [true, false]) {
        affineCase(
          `${opType}, ${directions} direction(s), ${bias ? "with" : "without"} a bias`,
          (z) => ({
            input: `float[${z.H},${z.M},${z.C}] x`,
            constants: [
              constant("W", [directions, gates * z.K, z.C], { low: -0.5, high: 0.5 }),
              constant("R", [directions, gates * z.K, z.K], { low: -0.5, high: 0.5 }),
              constant("B", [directions, 2 * gates * z.K]),
              constant("k", [z.C]),
              constant("l", [z.C]),
            ],
            nodes: `m = Mul (k, x) a = Add (m, l) y, h = ${opType} <hidden_size = ${z.K},
              direction = "${directions === 2 ? "bidirectional" : "reverse"}"> (a, W, R${bias ? ", B" : ""})`,
            outputs: "y, h",
          }),
          { ...DOWN, left: [opType] },
        );
      }
    }
  }
  affineCase(
    "a map of the steps is none of the features",
    (z) => ({
      input: `float[${z.H},${z.M},${z.C}] x`,
      constants: [constant("W", [1, z.K, z.C]), constant("R", [1, z.K, z.K]), constant("k", [z.H, 1, 1])],
      nodes: `a = Mul (k, x) y = RNN <hidden_size = ${z.K}> (a, W, R)`,
    }),
    { ...DOWN, left: ["Mul", "RNN"] },
  );
});
