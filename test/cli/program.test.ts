import { describe, expect, test } from "vitest";
import { expectNarrow, normfold, temporaryFolder } from "../support/cli.js";

const cwd = temporaryFolder();

describe("help and version", () => {
  test("--help fits on one screen, and documents the exit codes", async () => {
    const { code, stdout, stderr } = await normfold(["--help"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expectNarrow(stdout);
    expect(stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
    expect(stdout).toMatch(/Exit codes: 0 .* 1 .* 2 .* 3 .* 4 .*\n5 .* 70 .* 130 /);
  });

  test.each([["optimize"], ["check"], ["inspect"], ["print"], ["passes"]])(
    "--help %s documents the exit codes in 80 columns",
    async (...command) => {
      const { code, stdout, stderr } = await normfold([...command, "--help"], { cwd });
      expect([code, stderr]).toEqual([0, ""]);
      expectNarrow(stdout);
      expect(stdout).toContain(`Usage: ${["normfold", ...command].join(" ")}`);
      expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 /);
    },
  );

  test("--version is the package's", async () => {
    const { default: manifest } = await import("../../package.json", { with: { type: "json" } });
    expect((await normfold(["--version"])).stdout).toBe(`${manifest.version}\n`);
  });
});
