import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { Script } from "node:vm";
import { hashOf } from "../base/hash.js";

// This module is loaded before everything else, so it loads little.

/** Which code is kept. */
export interface CachedPart {
  /** Commands that use about the same functions share a file. */
  readonly part: string;
  /** Whether this run has used so much of the code that what was compiled is worth keeping. */
  readonly isMade: boolean;
  /** What `import` does in the file. */
  readonly importModule: (name: string) => Promise<unknown>;
}

/**
 * Loads a CommonJS file as `require` does, and keeps what V8 compiled of it: half of a small run is the compilation of code, the
 * same every time. V8 refuses code of another version of itself, other flags or another processor, and the file is then
 * compiled as ever.
 *
 * The code is kept beside the file, if its folder can be written, as a package of a project can: whoever could change it could
 * change the file as well. NODE_DISABLE_COMPILE_CACHE, which turns off Node's own, turns it off. A failure to read or write it
 * changes nothing but the time.
 */
export function loadCached(file: string, { part, isMade, importModule }: CachedPart): unknown {
  const require = createRequire(file);
  if (process.env["NODE_DISABLE_COMPILE_CACHE"] || process.env["NORMFOLD_DEBUG"]) return require(file);
  const path = join(dirname(file), `${PREFIX}${nameFor(file)}-${part}`);
  const kept = readKept(path);
  const script = new Script(wrapped(readFileSync(file, "latin1")), {
    filename: file,
    ...(kept === undefined ? {} : { cachedData: kept.code }),
  });
  // At the end, because functions are compiled when they are called first.
  const known = script.cachedDataRejected ? undefined : kept;
  if (isMade) process.once("exit", () => keepIfMore(path, known, script));
  const module = { exports: {}, importModule };
  script.runInThisContext()(module.exports, require, module, file, dirname(file));
  return module.exports;
}

function wrapped(source: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
}

/** The names of files of code begin so; the package is made without them. */
const PREFIX = "code-";

/** Another name for another file and another Node. V8 itself compares no more of the source than its length. */
function nameFor(file: string): string {
  const { size, mtimeMs } = statSync(file);
  const flags = `${process.execArgv.join(" ")} ${process.env["NODE_OPTIONS"] ?? ""}`;
  const machine = hashOf(`${process.version} ${process.arch} ${flags}`);
  return [BUILD, ...[size, Math.round(mtimeMs), machine].map((number) => number.toString(36))].join("-");
}

/** The digest of the program, which the build puts in. */
declare const PROGRAM_DIGEST: string;
const BUILD: string = typeof PROGRAM_DIGEST === "string" ? PROGRAM_DIGEST : "modules";

interface Kept {
  readonly code: Buffer;
  /** The runs that it is of. */
  readonly runs: number;
  /** Milliseconds that the longest of them worked; the first, which compiled everything, does not count. */
  readonly work: number;
}

/** Stands behind what is kept, so that a part of it is told from the whole. */
function endOf(runs: number, work: number): Buffer {
  return Buffer.from(`normfold ${String(runs).padStart(4)} ${String(work).padStart(6)}\n`);
}

const END = /normfold +(\d+) +(\d+)\n$/;
const END_LENGTH: number = endOf(0, 0).length;

function readKept(path: string): Kept | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const [, runs, work] = END.exec(bytes.subarray(-END_LENGTH).toString("latin1")) ?? [];
  if (runs === undefined) return undefined;
  return { code: bytes.subarray(0, -END_LENGTH), runs: Number(runs), work: Number(work) };
}

/** Code is made anew after the second run too, because it calls functions that the first did not, and to make it takes long. */
const FIRST_RUNS = 2;
/** And after a run that took so much longer than those that it is of. */
const MORE = 2;
/** After so many milliseconds of work V8 has forgotten the code of the start. */
const TOO_LONG = 3000;

function keepIfMore(path: string, known: Kept | undefined, script: Script): void {
  const { user, system } = process.cpuUsage();
  const work = Math.round((user + system) / 1000);
  if (known !== undefined && work > TOO_LONG) return;
  if (known !== undefined && known.runs >= FIRST_RUNS && work < MORE * known.work) return;
  const most = known === undefined ? 0 : Math.max(work, known.work);
  keep(path, () => Buffer.concat([script.createCachedData(), endOf((known?.runs ?? 0) + 1, most)]));
}

/** The files that stay beside a new one: those of other versions of Node, flags and commands. */
const MOST_BESIDE = 5;

function keep(path: string, make: () => Buffer): void {
  const folder = dirname(path);
  const draft = `${path}.${process.pid}`;
  try {
    // To make the code takes longer than to ask; the folder of a package that root installed is nobody else's to write.
    accessSync(folder, constants.W_OK);
    // At once, so that no other process reads a part of it.
    writeFileSync(draft, make(), { flag: "wx" });
    renameSync(draft, path);
    const names = readdirSync(folder).filter((name) => name.startsWith(PREFIX) && name !== basename(path));
    const others = names.map((name) => ({
      file: join(folder, name),
      age: -statSync(join(folder, name)).mtimeMs,
    }));
    others.sort((a, b) => a.age - b.age);
    for (const { file } of others.slice(MOST_BESIDE)) rmSync(file, { force: true });
  } catch {
    rmSync(draft, { force: true });
  }
}
