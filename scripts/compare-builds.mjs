// Shows whether two builds of normfold do the same, for changes that are meant to change no behaviour. --help says how
// to call it.
//
//   compare-builds/models.mjs        the models, and the settings that each is tried with
//   compare-builds/process.mjs       one build in a process of its own, so that a crash or a hang costs one job
//   compare-builds/child.mjs         the program of that process: a job in, a digest of its result out
//   compare-builds/data.mjs          data for the jobs that need some
//   compare-builds/differences.mjs   two results side by side: their differences, apart from other wording
//   compare-builds/expectations.mjs  differences that are meant
//   compare-builds/print.mjs         the output on the terminal
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Comparison } from "./compare-builds/differences.mjs";
import { applyExpectations, readExpectations } from "./compare-builds/expectations.mjs";
import { findModels, jobsOf } from "./compare-builds/models.mjs";
import { printResult } from "./compare-builds/print.mjs";
import { BuildProcess } from "./compare-builds/process.mjs";

const USAGE = `Usage: node scripts/compare-builds.mjs BEFORE AFTER [options]

Runs two builds of normfold on the same models and lists what differs.
BEFORE and AFTER are checkouts that are built (npm run build).

  --models DIR    look for models here; may be given more than once
                  (default: models and ../shared/models, those that are there)
  --only TEXT     only models whose path has TEXT in it
  --checked       also optimize with the check in onnxruntime; takes longer
  --expect FILE   differences that are meant, a JSON list of
                  {"model": glob, "what": glob, "reason": sentence};
                  "what" is a line of the output: "optimize: bytes"
  --json FILE     write all differences, with their models, to FILE
  --help

Compared are, for optimize, insertBatchNorm, freeze, prepare, differentiate
and buildTrainingStep, the bytes of the resulting model and the report, or the
code of the error. Sentences and names of passes may change: they are listed
apart. Reports may have new fields. Models in a folder onnx-node, which are
many and have one node each, are only optimized, without the check, and
differentiated.

Exits with 0 when nothing differs that is not expected, 1 when something
does, 2 when it could not compare.`;

class UsageError extends Error {}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error);
  // Exits at once, because the other build is still running.
  process.exit(2);
}

async function main(args) {
  const { flags, before, after } = readArguments(args);
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  const expectations = flags.expect === undefined ? [] : readExpectations(readFileSync(flags.expect, "utf8"));
  const models = findModels(flags.models ?? defaultFolders()).filter(({ path }) =>
    path.includes(flags.only ?? ""),
  );
  if (models.length === 0) throw new UsageError("no models are there to compare on");
  const jobs = jobsOf(models, { checked: flags.checked });
  const builds = [before, after].map((checkout) => new BuildProcess(checkout));
  // A build that hangs does not notice that this process has ended.
  process.on("exit", () => stopAll(builds));
  const [old, current] = await Promise.all(builds.map((build) => runJobs(build, jobs)));
  stopAll(builds);

  const comparison = new Comparison();
  jobs.forEach((job, i) => {
    comparison.add(job, old.results[i], current.results[i]);
  });
  const { differences, unused } = applyExpectations(comparison.differences(), expectations);
  const result = {
    differences,
    unused,
    wording: comparison.wording(),
    settings: comparison.settings(differences),
    models: models.length,
    seconds: { before: old.seconds, after: current.seconds },
  };
  printResult(result);
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
  return differences.some(({ expected }) => expected === undefined) ? 1 : 0;
}

function readArguments(args) {
  const { values: flags, positionals } = parse(args);
  if (flags.help) return { flags };
  if (positionals.length !== 2) throw new UsageError("give two checkouts, BEFORE and AFTER");
  const [before, after] = positionals.map((path) => resolve(path));
  for (const checkout of [before, after]) {
    for (const door of ["dist/src/index.js", "dist/src/train.js"]) {
      if (!existsSync(join(checkout, door)))
        throw new UsageError(`${checkout} is not built: it has no ${door}`);
    }
  }
  return { flags, before, after };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        models: { type: "string", multiple: true },
        only: { type: "string" },
        checked: { type: "boolean", default: false },
        expect: { type: "string" },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function defaultFolders() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  return [join(root, "models"), join(root, "../shared/models")].filter(existsSync);
}

async function runJobs(build, jobs) {
  const start = performance.now();
  const results = [];
  for (const job of jobs) results.push(await build.run(job));
  return { results, seconds: (performance.now() - start) / 1000 };
}

function stopAll(builds) {
  for (const build of builds) build.stop();
}
