import { describe, expect, test } from "vitest";
import { expectNarrow, normfold, temporaryFolder } from "../support/cli.js";

const cwd = temporaryFolder();

describe("help and version", () => {
  test("--help fits on one screen, and documents the exit codes", async () => {
    const { code, stdout, stderr } = await normfold(["--help"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expectNarrow(stdout);
    expect(stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(28);
    expect(stdout).toMatch(/Exit codes: 0 .* 1 .* 2 .* 3 .* 4 .*\n5 .* 70 .* 130 /);
  });

  test.each([["optimize"], ["check"], ["inspect"], ["print"], ["passes"]])(
    "--help %s documents the exit codes in 80 columns",
    async (...command) => {
      const { code, stdout, stderr } = await normfold([...command, "--help"], { cwd });
      expect([code, stderr]).toEqual([0, ""]);
      expectNarrow(stdout);
      expect(stdout).toContain(`Usage: ${["normfold", ...command].join(" ")}`);
      expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}[12] /);
    },
  );

  test("--help names only exit codes that the command has", async () => {
    const exits = async (command: string): Promise<string> => {
      const { stdout } = await normfold([command, "--help"], { cwd });
      expectNarrow(stdout);
      return stdout.slice(stdout.indexOf("Exit codes:"));
    };
    expect(await exits("passes")).toBe(
      "Exit codes:\n  0    done\n  2    wrong usage\n  5    a file cannot be read or written\n" +
        "  70   a bug in normfold\n  130  interrupted (143: terminated)\n",
    );
    expect(await exits("check")).toMatch(
      / 0 {4}done; the outputs are equal \(.*\n {2}1 {4}the outputs differ, or .* budget\n/,
    );
    expect(await exits("train")).toMatch(/\n {2}1 {4}training diverged/);
    expect(await exits("inspect")).not.toMatch(/\n {2}1 |--no-check/);
    expect(await exits("optimize")).toMatch(/\n {2}4 .*model; without --no-check\n {7}nothing was written\n/);
  });

  test("--version is the package's", async () => {
    const { default: manifest } = await import("../../package.json", { with: { type: "json" } });
    expect((await normfold(["--version"])).stdout).toBe(`${manifest.version}\n`);
  });
});
