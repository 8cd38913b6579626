import { describe, expect, it } from "vitest";
import { EXIT, EXIT_SUMMARY, exitHelp } from "../../src/cli/exit.js";
import { PRINT_COMMAND } from "../../src/options/commands.js";
import type { CommandSpec } from "../../src/options/spec.js";

const codesIn = (help: string): number[] =>
  [...help.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code));
const CODES = [0, ...Object.values(EXIT)].sort((a, b) => a - b);

it("EXIT_SUMMARY names every code once", () => {
  expect([...EXIT_SUMMARY.matchAll(/\b\d+\b/g)].map(([code]) => Number(code))).toEqual(CODES);
});

describe("exitHelp", () => {
  const spec: CommandSpec = {
    name: "test",
    group: "Look",
    summary: "",
    description: "",
    arguments: PRINT_COMMAND.arguments,
    tables: [],
  };

  it("lists the codes that the command can end with", () => {
    expect(codesIn(exitHelp({ ...spec, outcome: { done: "written", differs: "other outputs" } }))).toEqual(
      CODES,
    );
    expect(codesIn(exitHelp(spec))).toEqual(CODES.filter((code) => code !== EXIT.check));
    expect(codesIn(exitHelp({ ...spec, arguments: [] }))).toEqual([0, 2, 5, 70, 130]);
  });

  it("says what --no-check changes only where there is such a flag", () => {
    const flag = { flag: "--no-check", type: "switch", help: "" } as const;
    expect(exitHelp({ ...spec, tables: [{ check: flag }] })).toContain("--no-check");
    expect(exitHelp(spec)).not.toContain("--no-check");
  });
});
