import { describe, expect, it } from "vitest";
import { definePass, optimize, parseGraph, tensorFromNumbers } from "../../src/index.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { probesOf, withProbes } from "../../src/runtime/probes.js";
import { checkModels } from "../support/runtime.js";

/** Logits so far apart that the Softmax gives one class probability 1, whatever a small bias adds. */
const SATURATED = `(float[N,3] x) => (float[N,2] y)
  <float[3,2] W = {900, -900, 700, -800, 500, -650}, float[2] b = {0.25, -0.5}> {
    z = Gemm (x, W, b)  s = Softmax <axis = 1> (z)  y = Identity (s)
  }`;

const forgetBias = definePass({
  kind: "rules",
  name: "forget-bias",
  summary: "a wrong rewrite",
  before: "z = Gemm(x, W, b)",
  after: "z = Gemm(x, W, 0)",
  numerics: "rounding",
  rules: [
    {
      match: (node) =>
        node.is("Gemm") &&
        node
          .input(2)
          ?.tensor?.toFloat64()
          .some((value) => value !== 0)
          ? {
              kind: "rewrite",
              summary: `${node.label} forgets its bias`,
              apply: (rewriter) =>
                rewriter.setConstant(node, 2, tensorFromNumbers("float", [2], [0, 0]), "b"),
            }
          : undefined,
    },
  ],
});

describe("a difference that a saturated Softmax hides", () => {
  const model = parseGraph(`g ${SATURATED}`);

  it("is found at the input of the Softmax", async () => {
    expect(probesOf(model)).toEqual(["z"]);
    const { report } = await optimize(model, { passes: [forgetBias] });
    expect(report.rolledBack.map(({ pass, reason }) => [pass, reason.includes('"z"')])).toEqual([
      ["forget-bias", true],
    ]);
    expect(report.check?.status).toBe("equal");
    expect(report.check?.sets[0]?.outputs.map(({ name }) => name)).toEqual(["y", "z"]);
  });

  it("is not found without probes", async () => {
    const broken = parseGraph(`g ${SATURATED.replace("{0.25, -0.5}", "{0, 0}")}`);
    const [original, result] = [model, broken].map((each) => ({
      kind: "bytes" as const,
      bytes: encodeToBytes(each),
    }));
    if (original === undefined || result === undefined) throw new Error("two models");
    const report = await checkModels(original, result, {
      runtime: await defaultRuntime(),
      seed: 0,
      numerics: "rounding",
    });
    expect(report.status).toBe("equal");
  });

  it("adds outputs to a copy only, and only values that exist", () => {
    const before = encodeToBytes(model);
    expect(withProbes(model, ["z", "nowhere"]).graph.outputs.map(({ name }) => name)).toEqual(["y", "z"]);
    expect(encodeToBytes(model)).toEqual(before);
    expect(withProbes(model, [])).toBe(model);
  });
});
