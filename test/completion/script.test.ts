import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completionScript, SHELLS } from "../../src/completion/script.js";
import { completedCommands } from "../../src/completion/words.js";
import { COMMANDS } from "../../src/options/commands.js";

const commands = completedCommands(COMMANDS, { skip: ["fuse-gemm", "fold-constants"] });
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "normfold-completion-"));
  for (const shell of SHELLS) writeFileSync(join(folder, shell), completionScript(shell, commands));
  for (const file of ["net.onnx", "a model.onnx", "other.txt"]) writeFileSync(join(folder, file), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isThere(shell: string): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

function run(shell: string, ...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(shell, args, { cwd: folder, encoding: "utf8" });
  expect([stderr, status]).toEqual(["", 0]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** The words before the cursor, the last of them unfinished, and some of the answers. */
const CASES: readonly (readonly [
  words: readonly string[],
  answers: readonly string[],
  none: string | undefined,
])[] = [
  [[""], ["optimize", "reduce", "help"], undefined],
  [["opt"], ["optimize"], undefined],
  [["help", "che"], ["check"], undefined],
  [["optimize", "--targ"], ["--target"], "--seed"],
  [["optimize", "--target", ""], ["onnxruntime", "any"], "net.onnx"],
  [["optimize", "--skip", "fuse"], ["fuse-gemm"], "fold-constants"],
  [["optimize", "n"], ["net.onnx"], "other.txt"],
  [["optimize", "net.onnx", "-o", "a"], ["a model.onnx"], undefined],
  [["optimize", "--seed", ""], [], "net.onnx"],
  [["train", "net.onnx", "--optimizer", "ad"], ["adam"], undefined],
  [["completion", ""], ["bash", "zsh", "fish"], "net.onnx"],
];

describe.skipIf(!isThere("bash"))("the script for bash", () => {
  test.each(CASES)("completes %j", (words, answers, none) => {
    const line = ["normfold", ...words].map((word) => `'${word}'`).join(" ");
    const found = run(
      "bash",
      "--norc",
      "-c",
      `source ./bash; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _normfold 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    expect(found).toEqual(expect.arrayContaining([...answers]));
    expect(found).not.toContain(none);
    for (const word of found) expect(word.startsWith(words.at(-1) ?? "")).toBe(true);
  });

  test("completes a value behind =", () => {
    const found = run(
      "bash",
      "--norc",
      "-c",
      `source ./bash; COMP_WORDS=(normfold optimize --target = o); COMP_CWORD=4; _normfold; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    expect(found).toEqual(["onnxruntime"]);
  });
});

describe.skipIf(!isThere("fish"))("the script for fish", () => {
  test.each(CASES)("completes %j", (words, answers, none) => {
    const line = ["normfold", ...words].join(" ");
    const answered = run("fish", "--no-config", "-c", `source ./fish; complete -C '${line}'`);
    const found = answered.map((each) => each.split("\t")[0]);
    expect(found).toEqual(expect.arrayContaining([...answers]));
    expect(found).not.toContain(none);
  });
});

describe.skipIf(!isThere("zsh"))("the script for zsh", () => {
  test("is read without a word, and defines its function", () => {
    expect(
      run("zsh", "-f", "-c", "autoload -U compinit; compinit -u -D; source ./zsh; whence -w _normfold"),
    ).toEqual(["_normfold: function"]);
  });
});

describe("the scripts", () => {
  test("have every option of every command, once", () => {
    for (const { name, flags } of commands) {
      const longs = flags.map(({ long }) => long);
      expect(new Set(longs).size, name).toBe(longs.length);
      for (const shell of SHELLS) {
        const text = completionScript(shell, commands);
        for (const long of longs)
          expect(text, `${shell} ${name}`).toContain(shell === "fish" ? `-l ${long.slice(2)} ` : long);
      }
    }
  });

  test("quote what shells would read", () => {
    const [optimize] = commands.filter(({ name }) => name === "optimize");
    const odd = {
      name: "odd",
      summary: "it's [a] test: of `it` $HOME",
      flags: [
        { long: "--odd", short: undefined, help: "it's [odd]: $(false)", value: { kind: "none" } as const },
      ],
      words: undefined,
    };
    for (const shell of SHELLS.filter(isThere)) {
      writeFileSync(
        join(folder, `odd-${shell}`),
        completionScript(shell, optimize === undefined ? [odd] : [optimize, odd]),
      );
      run(shell, "-n", `odd-${shell}`);
    }
    expect(completionScript("zsh", [odd])).toContain("'*--odd[it'\\''s \\[odd\\]\\: $(false)]'");
  });
});
