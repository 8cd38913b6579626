import { describe, expect, it } from "vitest";
import { FORMER_NAMES, PASSES } from "../../passes/index.js";
import { selectPasses } from "../../src/library/select-passes.js";

const NAMES = PASSES.map(({ name }) => name);

describe("selectPasses", () => {
  it("gives all passes, those that are wanted, or those that are not left out", () => {
    expect(selectPasses(undefined)).toEqual(PASSES);
    expect(selectPasses(["fuse-pad", "fuse-gemm"]).map(({ name }) => name)).toEqual([
      "fuse-pad",
      "fuse-gemm",
    ]);
    const rest = selectPasses(undefined, ["fuse-pad"]).map(({ name }) => name);
    expect(rest).toEqual(NAMES.filter((name) => name !== "fuse-pad"));
  });

  it("asks about a name that is close to an unknown one", () => {
    expect(() => selectPasses(["fuse-pads"])).toThrow(
      expect.objectContaining({ id: "unknown-pass", message: expect.stringContaining('"fuse-pad"?') }),
    );
  });

  it.each([...FORMER_NAMES])("says what %s is called now", (name, now) => {
    expect(NAMES).not.toContain(name);
    expect(NAMES).toEqual(expect.arrayContaining([...now]));
    for (const give of [() => selectPasses([name]), () => selectPasses(undefined, [name])]) {
      expect(give).toThrow(
        expect.objectContaining({
          id: "renamed-pass",
          message: expect.stringContaining(now.join('" and "')),
        }),
      );
    }
  });
});
