import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/options/commands.js";
import { flagOf, takes, wanted } from "../../src/options/validate.js";

const rows = COMMANDS.flatMap(({ name, tables }) =>
  tables.flatMap((table) => Object.entries(table).map(([key, spec]) => ({ command: name, key, spec }))),
);

describe("the tables of options", () => {
  it("give each name and each flag of a command once", () => {
    for (const { name, tables } of COMMANDS) {
      const keys = tables.flatMap((table) => Object.keys(table));
      expect(new Set(keys).size, name).toBe(keys.length);
      const flags = tables.flatMap((table) => Object.values(table).map(flagOf));
      expect(new Set(flags).size, name).toBe(flags.length);
    }
  });

  it("give train no limit, because it reads all of its data", () => {
    const namesOf = (command: string) => rows.filter((row) => row.command === command).map(({ key }) => key);
    expect(namesOf("train")).not.toContain("limit");
    for (const command of ["insert", "calibrate"]) expect(namesOf(command)).toContain("limit");
  });

  it("are plain data that survives JSON", () => {
    expect(JSON.parse(JSON.stringify(COMMANDS))).toEqual(COMMANDS);
  });

  it.each(rows.map((row) => [`${row.command} ${flagOf(row.spec)}`, row] as const))("%s", (_, { spec }) => {
    expect(spec.help).toMatch(/[^.]$/);
    expect(flagOf(spec)).toMatch(/^--[a-z][a-z-]+$/);
    expect(wanted(spec)).not.toBe("");
    if (spec.default !== undefined) expect(takes(spec, spec.default)).toBe(true);
    // A switch takes no value, any other option does.
    expect(/[<[]/.test(spec.flag)).toBe(spec.type !== "switch");
    expect(spec.choices !== undefined).toBe(spec.type === "choice");
  });

  it("name only options that exist", () => {
    for (const { name, tables, required = [] } of COMMANDS) {
      const table = Object.assign({}, ...tables);
      for (const key of required) expect(table[key], `${name} requires ${key}`).toBeDefined();
      for (const { needs, idleWith = [] } of tables.flatMap((each) => Object.values(each))) {
        for (const { option, is = [] } of [...(needs === undefined ? [] : [needs]), ...idleWith]) {
          expect(table[option], `${name}: ${option}`).toBeDefined();
          for (const value of is) expect(takes(table[option], value), `${option} ${value}`).toBe(true);
        }
      }
    }
  });
});
