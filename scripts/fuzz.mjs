// Random models and damaged files by the hundred thousand, as long as there is time for.
//
//   npm run fuzz                                    100,000 of each
//   npm run fuzz -- --models 5000 --files 0         fewer
//   npm run fuzz -- --seed 1000000                  others
//
// Each batch is a run of one of the tests in test/properties/anything with a seed of its own, in a process of its own, so that a
// crash ends one batch. A failure is shrunk by the test and kept in dist/fuzz with the seed that gives it again:
//
//   NORMFOLD_SEED=<seed> NORMFOLD_MODELS=<batch> npx vitest run test/properties/anything/random-models.test.ts
//
// Which batches held stands in dist/fuzz too, with a digest of the sources: after an interruption the same command goes on, and
// after a change it begins anew.
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runVitest } from "./run-vitest.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const home = join(root, "dist/fuzz");
const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: "100000" },
    files: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    batch: { type: "string", default: "500" },
  },
});
const KINDS = [
  { name: "models", test: "test/properties/anything/random-models.test.ts", variable: "NORMFOLD_MODELS" },
  { name: "files", test: "test/properties/anything/damaged-files.test.ts", variable: "NORMFOLD_FILES" },
];
/** What a batch depends on. */
const SOURCES = ["src", "passes", "test/properties/anything", "package-lock.json"];
const batch = Number(options.batch);
const first = Number(options.seed);

mkdirSync(home, { recursive: true });
const journal = join(home, "done.txt");
const done = new Set(existsSync(journal) ? readFileSync(journal, "utf8").split("\n") : []);
const sources = digestOf(SOURCES);
let failures = 0;
for (let at = 0; KINDS.some(({ name }) => at * batch < Number(options[name])); at++) {
  for (const kind of KINDS) {
    const seed = first + at;
    const mark = `${kind.name} seed ${seed} batch ${batch}`;
    const entry = `${mark} of ${sources}`;
    if (at * batch >= Number(options[kind.name]) || done.has(entry)) continue;
    const reason = await run(kind, seed);
    console.log(`${mark}: ${reason === undefined ? "held" : reason.split("\n")[0]}`);
    if (reason === undefined) appendFileSync(journal, `${entry}\n`);
    else {
      failures++;
      writeFileSync(join(home, `${kind.name}-${seed}.txt`), reason);
    }
  }
}
console.log(failures === 0 ? "all held" : `${failures} batches did not hold; see dist/fuzz`);
process.exitCode = failures === 0 ? 0 : 1;

/** Runs a batch; gives what did not hold. */
async function run({ test, variable }, seed) {
  const running = join(home, "running.txt");
  writeFileSync(running, "");
  let output = "";
  const env = { NORMFOLD_SEED: String(seed), [variable]: String(batch), NORMFOLD_RUNNING: running };
  const { end, closed } = runVitest([test, "--maxWorkers=1"], env, (part) => (output += part));
  // Longer than the test's own limit, which a loop without end does not heed.
  const timer = setTimeout(end, 180_000 + batch * 1200);
  const code = await closed;
  clearTimeout(timer);
  if (code === 0) return undefined;
  const reason = /^(?:Caused by: )?\w*Error: (?!Property failed)(.*)$/m.exec(output)?.[1];
  const ended = `the process ended while it ran\n${readFileSync(running, "utf8")}`;
  return `${/Counterexample/.test(output) ? (reason ?? "failed") : (reason ?? ended)}\n${ended}\n${output}`;
}

/** One digest of files, and of all files in folders. */
function digestOf(paths) {
  const hash = createHash("sha256");
  const add = (path) => {
    if (!statSync(path).isDirectory()) hash.update(path).update(readFileSync(path));
    else for (const name of readdirSync(path).sort()) add(join(path, name));
  };
  for (const path of paths) add(join(root, path));
  return hash.digest("hex").slice(0, 16);
}
