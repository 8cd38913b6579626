import { expect, test } from "vitest";
import { commandList } from "../../src/cli/command-list.js";
import { HEADS } from "../../src/options/heads.js";
import { PLAIN } from "../support/style.js";

test("every command has a line, and every group is named once", () => {
  const lines = commandList("What it is.", PLAIN).split("\n");
  expect(lines[2]).toBe("What it is.");
  for (const { name, summary } of Object.values(HEADS))
    expect(lines.filter((line) => line.includes(` ${name}`) && line.endsWith(summary))).toHaveLength(1);
  const groups = Object.values(HEADS).map(({ group }) => group);
  for (const group of groups) expect(lines.filter((line) => line.startsWith(group))).toHaveLength(1);
});
