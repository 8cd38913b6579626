import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { defineCommand } from "../../src/cli/commands.js";
import { COMMANDS } from "../../src/options/commands.js";

describe("defineCommand", () => {
  it.each(COMMANDS.map(({ name, tables }) => [name, tables] as const))(
    "gives %s the options of its tables",
    async (name, tables) => {
      const command = new Command(name);
      await defineCommand(command);
      const rows = new Set(tables.flatMap((table) => Object.values(table).map(({ flag }) => flag)));
      expect(new Set(command.options.map(({ flags }) => flags))).toEqual(rows);
    },
  );

  it("leaves a name that is no command as it is", async () => {
    const command = new Command("optimise");
    await defineCommand(command);
    expect(command.options).toEqual([]);
  });
});
