// Takes every row out of every table of operators and fails for each row whose absence no check notices.
//
//   node scripts/drop-rows.mjs
//
// A row of a facet is missed when the type check names its operator. A declaration, and each opset, trait, further fact
// and affine facet in one, is missed when the coverage of the operators, which a test holds against docs/operators.md,
// differs at that operator. Rows that are missed independently of each other are taken out together, so that some forty
// builds serve three thousand rows.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The type checker names up to four missing properties of one table. */
const NAMED_AT_ONCE = 4;
/** The tables of other domains are not total by type, because the operators of these domains are not declared. */
const OTHER_DOMAINS = new Set(["classic", "contrib"]);

/** The beginning of an object literal, or of a table of one gap, with the type that it is given. */
const HEAD = /^(?:export )?const (\w+)([^={]*)= ?\s*(\{|everyRow\()$/gm;
const TABLE_TYPE = /^: (FacetTable|GradientRules|RaiseTable|InferTable)\b/;

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "normfold-rows-"));
try {
  process.exitCode = main();
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function main() {
  for (const name of ["src", "passes", "tsconfig.json", "package.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const errors = build();
  if (errors !== "") throw new Error(`the sources do not compile as they are:\n${errors}`);
  const whole = coverage();
  const cuts = readdirSync(join(copy, "src/ops"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .flatMap((entry) => cutsOf(relative(copy, join(entry.parentPath, entry.name))));
  const byType = cuts.filter(({ by, isPart }) => by === "type" && !isPart);
  const parts = cuts.filter(({ isPart }) => isPart);
  const byCoverage = cuts.filter(({ by }) => by === "coverage");
  const rounds = [
    ...roundsOf(byType, ({ file, table }) => `${file} ${table}`, NAMED_AT_ONCE).map(
      (round) => () => unnamed(round),
    ),
    ...roundsOf(parts, ({ file }) => file, 1).map((round) => () => unnamed(round)),
    ...roundsOf(byCoverage, ({ operator }) => operator, 1).map((round) => () => unchanged(round, whole)),
  ];
  const missed = rounds.flatMap((run) => run());
  for (const { file, operator, what } of missed) console.log(`${file}: nobody misses ${what} of ${operator}`);
  const noun = missed.length === 1 ? "row" : "rows";
  console.log(
    `${cuts.length} rows taken out in ${rounds.length} builds, ${missed.length} ${noun} missed by nobody`,
  );
  return missed.length === 0 ? 0 : 1;
}

/** Rounds with at most `most` cuts of one group each. */
function roundsOf(cuts, groupOf, most) {
  const rounds = [];
  const counts = new Map();
  for (const cut of cuts) {
    const count = counts.get(groupOf(cut)) ?? 0;
    counts.set(groupOf(cut), count + 1);
    const round = Math.floor(count / most);
    rounds[round] ??= [];
    rounds[round].push(cut);
  }
  return rounds;
}

/** The cuts whose operator the type check does not name in their file. */
function unnamed(cuts) {
  const errors = withCuts(cuts, build);
  return cuts.filter(({ file, operator, isPart }) => {
    const own = errors.split("\n").filter((line) => line.startsWith(`${file}(`));
    return isPart ? own.length === 0 : !own.some((line) => new RegExp(`\\b${operator}\\b`).test(line));
  });
}

/** The cuts that the coverage of their operator does not show. */
function unchanged(cuts, whole) {
  const found = withCuts(cuts, () => {
    build();
    return coverage();
  });
  return cuts.filter(({ operator }) => found.get(operator) === whole.get(operator));
}

function withCuts(cuts, run) {
  const texts = new Map();
  for (const cut of [...cuts].sort((a, b) => b.start - a.start)) {
    const path = join(copy, cut.file);
    if (!texts.has(path))
      texts.set(path, { original: readFileSync(path, "utf8"), text: readFileSync(path, "utf8") });
    const entry = texts.get(path);
    entry.text = entry.text.slice(0, cut.start) + entry.text.slice(cut.end);
  }
  for (const [path, { text }] of texts) writeFileSync(path, text);
  try {
    return run();
  } finally {
    for (const [path, { original }] of texts) writeFileSync(path, original);
  }
}

/** Compiles the copy, errors or not, and gives what the compiler said, one error a line. */
function build() {
  const { stdout, status, error } = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json", "--pretty", "false"],
    { cwd: copy, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (error || status === null) throw new Error("the compiler did not run");
  // A message goes on in indented lines; together they are one.
  return stdout.trim().replaceAll(/\n\s+/g, " ");
}

/** The coverage of each operator, as text. */
function coverage() {
  const script =
    'import { operatorCoverage, otherDomains } from "./dist/src/train.js";' +
    "console.log(JSON.stringify([operatorCoverage(), otherDomains()]));";
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: copy,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`the coverage could not be read: ${stderr}`);
  const [rows, domains] = JSON.parse(stdout);
  return new Map([
    ...rows.map((row) => [row.operator, JSON.stringify(row)]),
    ...domains.flatMap(({ domain, operators }) => operators.map((name) => [`${domain}.${name}`, name])),
  ]);
}

/** The parts that can be taken out of a file: the rows of its tables, and the entries of declarations and affine facets. */
function cutsOf(file) {
  const text = readFileSync(join(copy, file), "utf8");
  const family = basename(dirname(file));
  const cuts = [];
  for (const table of tablesOf(text, file)) {
    if (OTHER_DOMAINS.has(family)) {
      const domain = family === "classic" ? "ai.onnx.ml" : "com.microsoft";
      for (const row of table.rows)
        cuts.push({ ...row, file, by: "coverage", operator: `${domain}.${row.operator}`, what: "the row" });
      continue;
    }
    for (const row of table.rows) {
      const by = table.name === "OPERATORS" && !row.isPart ? "coverage" : "type";
      cuts.push({ ...row, file, table: table.name, by, what: "the row" });
      if (by === "coverage") cuts.push(...listedIn(text, row, file));
      if (table.name === "affine") cuts.push(...facetsIn(text, row, file));
    }
  }
  return cuts;
}

/** The tables of a file: object literals with one row for each operator, or for a part of a family. */
function tablesOf(text, file) {
  const tables = [...text.matchAll(HEAD)]
    .filter(([, name, type, opening]) => opening === "{" && (name === "OPERATORS" || TABLE_TYPE.test(type)))
    .map((head) => ({ name: head[1], rows: rowsFrom(text, head.index + head[0].length + 1) }));
  const declared = [
    ...text.matchAll(/^(?:export )?const \w+: (?:FacetTable|GradientRules|RaiseTable|InferTable)\b/gm),
  ].length;
  const filled = [...text.matchAll(/=\s*everyRow\(/g)].length;
  const read = tables.filter(({ name }) => name !== "OPERATORS" || file.endsWith("catalogue.ts")).length;
  const expected = declared + (file.endsWith("catalogue.ts") ? 1 : 0);
  if (read + filled !== expected || tables.some(({ rows }) => rows.length === 0))
    throw new Error(
      `${file}: ${expected} tables are declared, ${read} were read and ${filled} are of one gap`,
    );
  return tables;
}

/** The rows of an object literal, from its first line on; the formatter indents them alike. */
function rowsFrom(text, from) {
  const indent = /^ +/.exec(text.slice(from))?.[0] ?? "";
  const to = text.slice(from).search(new RegExp(`^ {${Math.max(indent.length - 2, 0)}}\\}`, "m")) + from;
  const starts = [...text.slice(from, to).matchAll(new RegExp(`^${indent}(\\.\\.\\.)?(\\w+)\\b`, "gm"))];
  return starts.map(({ index, 1: spread, 2: operator }, i) => ({
    operator,
    isPart: spread !== undefined,
    start: from + index,
    end: i + 1 < starts.length ? from + starts[i + 1].index : to,
  }));
}

/** The opsets, traits and further facts in a declaration. */
function listedIn(text, { operator, start, end }, file) {
  const row = text.slice(start, end);
  const lists = row.matchAll(/\b(since|breaking|traits|trained|biases|fixed|zeroByDefault): \[([^\]]*)\]/g);
  const numbers = [...row.matchAll(/\b(neutral|steepest|gates): [^,}\n]+,?/g)].map((fact) => ({
    file,
    operator,
    by: "coverage",
    what: fact[1],
    start: start + fact.index,
    end: start + fact.index + fact[0].length,
  }));
  const entries = [...lists].flatMap((list) => {
    const from = start + list.index + list[0].indexOf("[") + 1;
    return [...list[2].matchAll(/[^\s,]+,?\s*/g)].map((entry) => ({
      file,
      operator,
      by: "coverage",
      what: `${list[1]} ${entry[0].replace(/,\s*$/, "")}`,
      start: from + entry.index,
      end: from + entry.index + entry[0].length,
    }));
  });
  return [...entries, ...numbers];
}

/** The facets in a row of affine.ts that lists some, and what it spreads. */
function facetsIn(text, { operator, start, end }, file) {
  const row = text.slice(start, end);
  const brace = row.indexOf("{");
  if (brace < 0) return [];
  return [...row.slice(brace).matchAll(/(?<=[{,]\s*)(\.\.\.\w+|\w+: \w+),?/g)].map((entry) => ({
    file,
    operator,
    by: "coverage",
    what: entry[1],
    start: start + brace + entry.index,
    end: start + brace + entry.index + entry[0].length,
  }));
}
