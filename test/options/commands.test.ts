import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/options/commands.js";
import type { OptionSpec } from "../../src/options/spec.js";
import { flagOf, takes, wanted } from "../../src/options/validate.js";

const rows = COMMANDS.flatMap(({ name, tables }) =>
  tables.flatMap((table) => Object.entries(table).map(([key, spec]) => ({ command: name, key, spec }))),
);

/** The code that may read options; the tables and types of options do not count. */
const ROOMS = [
  "batch",
  "batchnorm",
  "budget",
  "cache",
  "cli",
  "config",
  "data",
  "diff",
  "job",
  "library",
  "node",
  "rewrite",
  "text",
  "trainer",
  "training",
];
const readers = [...ROOMS.map((room) => `src/${room}`), "passes"]
  .flatMap((room) => filesIn(fileURLToPath(new URL(`../../${room}`, import.meta.url))))
  .map((file) => readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""))
  .join("\n");

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

/** As a property, or taken out of an object that is assigned or passed. */
function isRead(name: string): boolean {
  return new RegExp(`\\.${name}\\b|[{,]\\s*${name}\\b[^{}]*\\}(?: = |: \\w)`).test(readers);
}

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
      for (const { needs = [] } of Object.values<OptionSpec>(table)) {
        const there = needs.filter(({ option }) => option in table);
        expect(there.length > 0 || needs.length === 0, `${name}: ${JSON.stringify(needs)}`).toBe(true);
      }
    }
    for (const { key, spec } of rows) {
      for (const { option, is = [] } of [...(spec.needs ?? []), ...(spec.idleWith ?? [])]) {
        // A row that several commands share may name what only one of them has.
        const others = COMMANDS.filter(({ tables }) =>
          tables.some((table) => Object.values(table).includes(spec)),
        ).flatMap(({ tables }) => tables.flatMap((table) => table[option] ?? []));
        expect(others, `${key}: ${option}`).not.toEqual([]);
        for (const value of is)
          expect(
            others.every((other) => takes(other, value)),
            `${option} ${value}`,
          ).toBe(true);
      }
    }
  });

  it("have no option that nobody reads", () => {
    expect(isRead("growthLimit")).toBe(true);
    expect(isRead("growthLimt")).toBe(false);
    const unread = rows.filter(({ key }) => !isRead(key)).map(({ command, key }) => `${key} of ${command}`);
    expect(unread, "read each option where it has its effect, or remove its row").toEqual([]);
  });
});
