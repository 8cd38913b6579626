import { afterEach, describe, expect, it, vi } from "vitest";
import { channelOf, styleFor, wantsColors } from "../../src/cli/output.js";

afterEach(() => vi.unstubAllEnvs());

it("channelOf keeps text out of a model on standard output", () => {
  expect(["-", "model.onnx", undefined].map(channelOf)).toEqual(["stderr", "stdout", "stdout"]);
});

describe("wantsColors", () => {
  it.each([
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, false],
    [{ NO_COLOR: "", FORCE_COLOR: "1" }, true],
    [{ NO_COLOR: "", FORCE_COLOR: "0" }, false],
  ])("with %j: %s", (environment, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    // Tests write to no terminal.
    expect(wantsColors("stdout")).toBe(expected);
    expect(styleFor("stdout").red("x") !== "x").toBe(expected);
  });
});
