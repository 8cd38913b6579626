import { describe, expect, it } from "vitest";
import { assertProven } from "../../src/job/proven.js";
import type { CheckReport } from "../../src/runtime/check-report.js";

function report(status: CheckReport["status"]): CheckReport {
  const reason = "y is 2 instead of 1";
  const basis = {
    numerics: "exact",
    seed: 0,
    runtime: "onnxruntime",
    uncompared: [],
    tamed: [],
    sets: [],
  } as const;
  return { ...basis, status, reason, special: undefined };
}

describe("assertProven", () => {
  it("lets a proven result pass", () => {
    expect(() => assertProven(report("equal"), "m.onnx")).not.toThrow();
  });

  it.each([
    ["differs", "check", "outputs-differ"],
    ["unchecked", "unsupported", "outputs-are-unchecked"],
  ] as const)("throws for one that is %s, with the reason and the file", (status, code, id) => {
    expect(() => assertProven(report(status), "m.onnx")).toThrow(
      expect.objectContaining({
        code,
        id,
        message: expect.stringContaining("y is 2 instead of 1"),
        where: { file: "m.onnx" },
      }),
    );
  });
});
