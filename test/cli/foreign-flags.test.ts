import { describe, expect, it, test } from "vitest";
import { foreignCommand, inOurWords } from "../../src/cli/foreign-flags.js";
import { FOREIGN_COMMANDS, FOREIGN_FLAGS } from "../../src/options/coming-from.js";
import { COMMANDS } from "../../src/options/commands.js";
import { flagOf } from "../../src/options/validate.js";
import { CONV_BN, expectFailure, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();

function flagsOf(command: string): ReadonlySet<string> {
  const tables = COMMANDS.find(({ name }) => name === command)?.tables ?? [];
  return new Set(tables.flatMap((table) => Object.values(table).map(flagOf)));
}

const every = new Set(COMMANDS.flatMap(({ name }) => [...flagsOf(name)]));

function translated(command: string, ...argv: string[]): readonly string[] {
  return inOurWords(command, argv, flagsOf(command));
}

describe("the table of other programs' flags", () => {
  test.each(FOREIGN_FLAGS.map((row) => [`${row.tool} ${row.flag} in ${row.command}`, row] as const))(
    "%s",
    (_, row) => {
      const { kind, command, flag, ours, text } = row;
      const known = flagsOf(command);
      expect(known.size).toBeGreaterThan(0);
      expect(known.has(flag)).toBe(kind === "same");
      if (kind === "same") expect(translated(command, flag, "v")).toEqual([flag, "v"]);
      if (kind === "always") expect(translated(command, flag, "m.onnx")).toEqual(["m.onnx"]);
      if (kind === "alias") {
        expect(known.has(ours ?? "")).toBe(true);
        expect(translated(command, flag, "v")).toEqual([ours, "v"]);
        expect(translated(command, `${flag}=v`)).toEqual([`${ours}=v`]);
      }
      if (kind === "answer") {
        expect(text).not.toBe("");
        expect(() => translated(command, "m.onnx", flag)).toThrow(text);
      }
      // The answer names nothing that there is not.
      for (const [named] of text.matchAll(/--[a-z][a-z-]*/g)) expect([...every]).toContain(named);
      for (const [, name] of text.matchAll(/"normfold (\w+)/g))
        expect(COMMANDS.map((each) => each.name)).toContain(name);
    },
  );

  test("has each flag of a command once for each program", () => {
    const keys = FOREIGN_FLAGS.map(({ tool, command, flag }) => `${tool} ${command} ${flag}`);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  test("answers commands with ours", () => {
    for (const [name, [, ours]] of Object.entries(FOREIGN_COMMANDS)) {
      expect(COMMANDS.map((each) => each.name)).not.toContain(name);
      for (const [, command] of ours.matchAll(/normfold (\w+)/g))
        expect(COMMANDS.map((each) => each.name)).toContain(command);
      for (const [flag] of ours.matchAll(/--[a-z][a-z-]*/g)) expect([...every]).toContain(flag);
    }
    expect(foreignCommand("toString")).toBeUndefined();
  });
});

describe("inOurWords", () => {
  it("takes several shapes behind one flag, and Polygraphy's brackets", () => {
    expect(translated("optimize", "m.onnx", "--input-shapes", "a:1,2", "b:3", "-o", "o.onnx")).toEqual([
      ...["m.onnx", "--overwrite-input-shape", "a:1,2", "--overwrite-input-shape", "b:3", "-o", "o.onnx"],
    ]);
    expect(translated("optimize", "--overwrite-input-shape", "a:1", "b:2", "m.onnx")).toEqual([
      ...["--overwrite-input-shape", "a:1", "--overwrite-input-shape", "b:2", "m.onnx"],
    ]);
    expect(translated("optimize", "--override-input-shapes", "x:[1,3]", "m.onnx")).toEqual([
      ...["--overwrite-input-shape", "x:1,3", "m.onnx"],
    ]);
  });

  it("leaves alone what it does not know, and what stands behind --", () => {
    const argv = ["m.onnx", "--nonsense", "-q", "--", "--model-check"];
    expect(translated("optimize", ...argv)).toEqual(argv);
  });
});

describe("the command", () => {
  test("takes other programs' flags, or says in one line what is ours", async () => {
    await writeModel(`${cwd}/bn.onnx`, CONV_BN);
    const slim = [
      "optimize",
      "bn.onnx",
      "--model-check",
      "--input-shapes",
      "x:2,2,7,5",
      "-o",
      "o.onnx",
      "-q",
    ];
    expect(await normfold(slim, { cwd })).toMatchObject({ code: 0, stderr: "" });
    expect((await normfold(["inspect", "o.onnx"], { cwd })).stdout).toContain("float[2,2,7,5]");
    expectFailure(
      await normfold(["optimize", "bn.onnx", "-o", "p.onnx", "--skip-fuse-bn"], { cwd }),
      2,
      /^error: "--skip-fuse-bn" is a flag of onnxsim; here: give --skip fold-affine-up/,
    );
    expectFailure(
      await normfold(["surgeon", "sanitize", "bn.onnx"], { cwd }),
      2,
      /"surgeon" is a command of Polygraphy; here it is normfold optimize/,
    );
  });
});
