// Takes every guard out of the sources in turn and lists those whose absence neither a test nor the type checker notices.
//
//   npm run mutate                          every guard of FOLDERS
//   npm run mutate -- passes/fuse-gemm.ts   those of files or folders
//   npm run mutate -- --quick passes        without measuring again what tests reach that did not change, though guards did
//   npm run mutate -- --report              what is known, without running a test
//   npm run mutate -- --fresh               from nothing
//   npm run mutate -- --workers 2
//
// Nothing is built per guard: the tests run on sources in which each guard can be switched off (mutate/guards.mjs), and a test is
// run again only with the guards whose conditions came true in it (mutate/runner.mjs). What is known is kept in dist/mutate, so
// that a run goes on where the last one ended, and after a change tries only what the change may have altered.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { guardsOf } from "./mutate/guards.mjs";
import { Journal } from "./mutate/journal.mjs";
import { report } from "./mutate/report.mjs";
import { heldByTypes } from "./mutate/types.mjs";
import { runVitest } from "./run-vitest.mjs";

const FOLDERS = [
  "passes",
  "src/ops",
  "src/rules",
  "src/batchnorm",
  "src/proto",
  "src/fold",
  "src/relayout",
  "src/rewrite",
];
/**
 * Tests that are not asked. Random graphs, whole models and whole trainings take long, and what only they notice is held by no test
 * that says why; the others run what is built, or read the sources as text, and cannot see a switch.
 */
const LEFT_OUT =
  /^test\/(?:properties|conformance|networks|mutants|experiments|training|trainer|reference|cli|isolation)\/|^test\/[^/]+\.test\.ts$|\.models\.test\.ts$/;
/** How many test files one process runs: what it found is kept when it ends. */
const BATCH = 40;
/** How many tests a guard is tried in, round by round. */
const TRIES = [4, 16, 60];
/** A guard is not tried in tests that take longer than this, in milliseconds. */
const LONG = 5_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const home = join(root, "dist/mutate");
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: "string", default: "1" },
    fresh: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
});
process.exitCode = await main();

async function main() {
  if (options.fresh) rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const guards = guardsIn(FOLDERS.flatMap((folder) => sourcesIn(folder)));
  const asked = guards.filter(({ file }) => isAsked(file));
  if (asked.length === 0) throw new Error(`no guards in ${positionals.join(", ")}`);
  const tests = testsIn("test").map((file) => ({ file, hash: hashOf(file) }));
  const journal = new Journal(join(home, "journal.jsonl"), guards, tests);

  if (!options.report) await tryAll(asked, guards, tests, journal);
  const kept = asked.filter((guard) => journal.caughtBy(guard) === undefined);
  const typed = kept.length === 0 ? new Set() : typedGuards(guards, kept);
  return report(asked, journal, typed, join(home, "report.json"));
}

/** Measures what the tests reach, then tries each guard that is not caught in some of them, in more of them, and in whole files. */
async function tryAll(asked, guards, tests, journal) {
  const uncovered = tests
    .filter(({ file }) => !journal.isCovered(file, options.quick ? [] : asked))
    .map(({ file }) => file);
  console.log(`${asked.length} guards; ${uncovered.length} of ${tests.length} test files are to be measured`);
  if (uncovered.length > 0) await run({ mode: "cover", files: uncovered }, guards, journal);
  for (const tries of TRIES) {
    const chosen = journal.choose(asked, tries, LONG);
    const pairs = [...chosen.values()].reduce((sum, { guards: each }) => sum + each.length, 0);
    console.log(`${pairs} tries in ${chosen.size} tests`);
    if (pairs > 0) await run({ mode: "switch", chosen }, guards, journal);
  }
  for (const [guard, files] of journal.chooseFiles(asked, 3))
    await run({ mode: "whole", files, off: guard.id }, guards, journal);
}

/** The ids of those guards that the type checker holds, as the last run found them where no source has changed since. */
function typedGuards(guards, kept) {
  const path = join(home, "types.json");
  const sources = createHash("sha256")
    .update(guards.map(({ hash }) => hash).join())
    .digest("hex");
  const known = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const { held, not } = known.sources === sources ? known : { held: [], not: [] };
  const fresh = kept.filter(({ id }) => !held.includes(id) && !not.includes(id));
  const found = fresh.length === 0 ? new Set() : heldByTypes(root, fresh);
  for (const { id } of fresh) (found.has(id) ? held : not).push(id);
  writeFileSync(path, JSON.stringify({ sources, held, not }));
  return new Set(held);
}

function isAsked(file) {
  return (
    positionals.length === 0 ||
    positionals.some((path) => file === path || file.startsWith(`${path.replace(/\/$/, "")}/`))
  );
}

/** Runs a plan to its end, a batch of files after the other, and again without what hung or ended the process. */
async function run(plan, guards, journal) {
  const files = [...new Set(plan.files ?? [...plan.chosen.values()].map(({ file }) => file))];
  for (let start = 0; start < files.length; start += BATCH) {
    const batch = files.slice(start, start + BATCH);
    const chosen = plan.chosen && new Map([...plan.chosen].filter(([, { file }]) => batch.includes(file)));
    let left = { ...plan, files: batch, chosen };
    while (left !== undefined) {
      await vitest(left, guards, journal);
      left = journal.leftOf(left);
    }
    process.stderr.write(`  ${start + batch.length} of ${files.length} files\n`);
  }
}

/** One vitest over a plan; what it found goes into the journal. */
async function vitest(plan, guards, journal) {
  const paths = {
    plan: join(home, "plan.json"),
    results: join(home, "results.jsonl"),
    watch: join(home, "watch"),
  };
  for (const name of readdirSync(home)) if (name.startsWith("watch.")) rmSync(join(home, name));
  writeFileSync(paths.results, "");
  const chosen = plan.chosen && Object.fromEntries(plan.chosen);
  const sources = {};
  for (const guard of guards) {
    sources[guard.file] ??= { first: guard.id, guards: [] };
    sources[guard.file].guards.push(guard);
  }
  writeFileSync(
    paths.plan,
    JSON.stringify({
      ...plan,
      chosen,
      sources,
      workers: Number(options.workers),
      root,
      results: paths.results,
      watch: paths.watch,
    }),
  );
  const { end, closed } = runVitest(["--config", "scripts/mutate/vitest.config.mjs"], {
    NORMFOLD_MUTATE_PLAN: paths.plan,
  });
  let hung;
  const timer = setInterval(() => {
    for (const now of running())
      if (now.until < Date.now()) {
        hung = now;
        end();
      }
  }, 500);
  await closed;
  clearInterval(timer);
  journal.take(readFileSync(paths.results, "utf8"), plan);
  // Without an answer the last one that was running has ended its process.
  const ended = hung ?? running()[0];
  if (ended?.guard !== undefined) journal.ended(ended, hung === undefined ? "crashed" : "hung");
}

function running() {
  return readdirSync(home)
    .filter((name) => name.startsWith("watch."))
    .flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(home, name), "utf8"))];
      } catch {
        return [];
      }
    });
}

function guardsIn(files) {
  const found = [];
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    const hash = hashOf(file);
    const seen = new Map();
    const first = found.length;
    for (const guard of guardsOf(text)) {
      const name = `${file}#${guard.within}: ${guard.text} => ${guard.exit}`;
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      const parent = guard.parent === undefined ? undefined : first + guard.parent;
      found.push({
        ...guard,
        parent,
        id: found.length,
        file,
        hash,
        key: count === 1 ? name : `${name} (${count})`,
      });
    }
  }
  return found;
}

function sourcesIn(folder) {
  return filesIn(folder, ".ts");
}

function testsIn(folder) {
  return filesIn(folder, ".test.ts").filter((file) => !LEFT_OUT.test(file));
}

function filesIn(folder, ending) {
  if (statSync(join(root, folder)).isFile()) return [folder];
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort();
}

function hashOf(file) {
  return createHash("sha256")
    .update(readFileSync(join(root, file)))
    .digest("hex")
    .slice(0, 16);
}
