// Which guards the type checker holds: without them a value may be undefined, or of another kind, where it is used.
//
// A guard is taken out by asking for its condition through a function, which narrows nothing. One compilation takes one guard out of
// each function; an error within the function is that guard's.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The ids of the guards without which the sources do not compile. */
export function heldByTypes(root, guards) {
  const copy = mkdtempSync(join(tmpdir(), "normfold-types-"));
  try {
    for (const name of ["src", "passes", "tsconfig.json", "package.json"])
      cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, "src/guard.d.ts"), "declare function __guard(condition: unknown): boolean;\n");
    return new Set(roundsOf(guards).flatMap((round) => heldIn(copy, root, round)));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Rounds with at most one guard of each function. */
function roundsOf(guards) {
  const rounds = [];
  const counts = new Map();
  for (const guard of guards) {
    const place = `${guard.file}#${guard.from}`;
    const count = counts.get(place) ?? 0;
    counts.set(place, count + 1);
    rounds[count] ??= [];
    rounds[count].push(guard);
  }
  return rounds;
}

function heldIn(copy, root, round) {
  const byFile = new Map();
  for (const guard of round) byFile.set(guard.file, [...(byFile.get(guard.file) ?? []), guard]);
  for (const [file, own] of byFile) {
    let text = readFileSync(join(root, file), "utf8");
    for (const { start, end } of [...own].sort((a, b) => b.start - a.start))
      text = `${text.slice(0, start)}__guard(${text.slice(start, end)})${text.slice(end)}`;
    writeFileSync(join(copy, file), text);
  }
  const errors = compile(copy);
  for (const file of byFile.keys()) cpSync(join(root, file), join(copy, file));
  return round
    .filter(({ file, from, to }) =>
      errors.some((error) => error.file === file && error.line >= from && error.line <= to),
    )
    .map(({ id }) => id);
}

function compile(copy) {
  const { stdout, status, error } = spawnSync(
    process.execPath,
    ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json", "--noEmit", "--pretty", "false"],
    { cwd: copy, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (error || status === null) throw new Error("the compiler did not run");
  return [...stdout.matchAll(/^([^\s(]+)\((\d+),\d+\): error/gm)].map(([, file, line]) => ({
    file,
    line: Number(line),
  }));
}
