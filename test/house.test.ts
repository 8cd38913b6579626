import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/**
 * Tests stand beside their subject:
 *
 *   test/<room>/<file>.test.ts            for src/<room>/<file>.ts, and for src/<room>/<file>-<part>.ts
 *   test/<room>/<file>.<aspect>.test.ts   more of the same file
 *   test/ops/<family>/<facet>.test.ts     for a facet of a family
 *   test/passes/<pass>/*.test.ts          for a pass; test/passes/index.test.ts for places that any of them leaves alone
 *
 * Other tests have no file of their own in src: test/properties (random graphs and what holds for every model),
 * test/conformance (data and rows of other projects), test/networks (whole architectures), test/mutants (rules broken
 * on purpose), test/experiments, and the files of test itself (the house and its documents). Helpers that several rooms
 * use are in test/support.
 */
const CROSS_CUTTING = ["properties", "conformance", "networks", "mutants", "experiments", "support"];

/**
 * Files whose logic shows in another file's tests, by those tests. The list is for parts of a whole that have no meaning
 * of their own to a reader of the tests; a file with one gets a test beside it.
 */
const TESTED_BY: Readonly<Record<string, readonly string[]>> = {
  "test/analysis/fact-table.test.ts": [
    "src/analysis/inference-context.ts",
    "src/rules/fact.ts",
    "src/rules/inference.ts",
  ],
  "test/batchnorm/calibrate.test.ts": ["src/batchnorm/calibration-report.ts", "src/batchnorm/layers.ts"],
  "test/batchnorm/insert.test.ts": ["src/batchnorm/emit-normalization.ts", "src/batchnorm/prove.ts"],
  "test/batchnorm/instrument.test.ts": ["src/batchnorm/pool-first.ts"],
  "test/batchnorm/sites.test.ts": ["src/batchnorm/site.ts"],
  "test/batch/worker-pool.test.ts": ["src/cli/worker.ts"],
  "test/config/load-config.test.ts": ["src/config/load-module.ts"],
  "test/config/resolve.test.ts": ["src/config/config.ts"],
  "test/cache/records.test.ts": ["src/cache/digest.ts"],
  "test/cli/optimize-watch.test.ts": ["src/cli/optimize-plan.ts"],
  "test/cli/failure.test.ts": ["src/cli/define.ts", "src/cli/prepare.ts"],
  "test/cli/insert.round-trip.test.ts": ["src/cli/calibrate.ts", "src/cli/freeze.ts"],
  "test/cli/program.test.ts": ["src/cli/main.ts", "src/cli/start.ts"],
  "test/cli/program.streams.test.ts": [
    "src/cli/progress.ts",
    "src/cli/written.ts",
    "src/node/model-to-stdout.ts",
    "src/node/stdout.ts",
  ],
  "test/cli/optimize-many.test.ts": ["src/cli/left.ts"],
  "test/cli/foreign-flags.test.ts": ["src/options/coming-from.ts"],
  "test/cli/train.test.ts": [
    "src/cli/save-result.ts",
    "src/cli/ensemble.ts",
    "src/cli/lower.ts",
    "src/trainer/evaluate.ts",
    "src/trainer/prove-ensemble.ts",
    "src/trainer/runtime.ts",
    "src/trainer/train.ts",
    "src/training/evaluation.ts",
  ],
  "test/contract/documents.test.ts": ["src/job/record.ts", "src/node/digest.ts"],
  "test/diff/diff-models.test.ts": [
    "src/diff/changes.ts",
    "src/diff/fields.ts",
    "src/diff/graph-diff.ts",
    "src/diff/twins.ts",
  ],
  "test/library/profile.test.ts": ["src/library/executed.ts"],
  "test/gradient/differentiate.test.ts": [
    "src/gradient/raise-for-gradients.ts",
    "src/gradient/widen.ts",
    "src/ops/gradient.ts",
  ],
  "test/cli/supervise.test.ts": [
    "src/cli/supervised.ts",
    "src/cli/supervision.ts",
    "src/isolation/start-watchdog.ts",
    "src/isolation/watch-parent.ts",
  ],
  "test/isolation/isolated-runtime.test.ts": ["src/isolation/runtime-process.ts", "src/isolation/spawn.ts"],
  "test/isolation/outside-watch.test.ts": ["src/isolation/watchman.ts"],
  "test/library/model-argument.test.ts": [
    "src/library/check.ts",
    "src/library/load.ts",
    "src/library/optimize.ts",
    "src/library/save.ts",
  ],
  "test/library/rewrite-model.test.ts": [
    "src/library/blame.ts",
    "src/library/trials.ts",
    "src/rewrite/pass.ts",
  ],
  "test/library/external-files.test.ts": ["src/ir/tensors.ts"],
  "test/node/data/open.test.ts": [
    "src/node/data/arrays.ts",
    "src/node/data/images.ts",
    "src/node/data/spool.ts",
  ],
  "test/node/files.test.ts": ["src/node/source.ts", "src/node/write.ts"],
  "test/node/write-model.faults.test.ts": ["src/node/data-file.ts", "src/node/file-system.ts"],
  "test/ops/convolution/absorb-down.test.ts": ["src/ops/convolution/absorb-border.ts"],
  "test/ops/coverage.test.ts": ["src/ops/elementwise/affine.ts"],
  "test/ops/movement/infer.test.ts": ["src/ops/movement/slice.ts"],
  "test/ops/movement/operands.test.ts": ["src/rules/operands/rule.ts"],
  "test/passes/fold-affine-down/absorb.test.ts": ["src/rewrite/apply-affine.ts"],
  "test/passes/fold-constants/rewrites.test.ts": ["src/rewrite/constant-model.ts"],
  "test/passes/fuse-compound-operators/rewrites.test.ts": ["src/rewrite/fuse-compound.ts"],
  "test/passes/merge-adjacent-slices/rewrites.test.ts": ["src/rewrite/add-slice.ts"],
  "test/passes/merge-parallel-branches/convolutions.test.ts": ["src/rewrite/linear-branch.ts"],
  "test/patterns/activations.test.ts": ["src/patterns/reading.ts", "src/patterns/recognize.ts"],
  "test/proto/decode.invalid.test.ts": [
    "src/proto/link.ts",
    "src/proto/read-attribute.ts",
    "src/proto/read-graph.ts",
  ],
  "test/proto/encode.test.ts": ["src/proto/write-graph.ts", "src/proto/write-tensor.ts"],
  "test/batchnorm/insert.accuracy.test.ts": ["src/reference/measure-models.ts"],
  "test/runtime/demands.test.ts": ["src/runtime/carried-demand.ts"],
  "test/runtime/feeds.test.ts": ["src/runtime/size-by-use.ts"],
  "test/runtime/second-look.test.ts": ["src/runtime/cancellation.ts"],
  "test/reference/evaluate.test.ts": ["src/rules/reference/rule.ts"],
  "test/cli/reduce.test.ts": ["src/options/reduce.ts"],
  "test/completion/script.test.ts": [
    "src/completion/bash.ts",
    "src/completion/fish.ts",
    "src/completion/words.ts",
    "src/completion/zsh.ts",
  ],
  "test/reduce/reduce.test.ts": [
    "src/reduce/bypass.ts",
    "src/reduce/extras.ts",
    "src/reduce/fewer-inputs.ts",
    "src/reduce/knowledge.ts",
    "src/reduce/open-bodies.ts",
    "src/reduce/record.ts",
    "src/reduce/remove-nodes.ts",
    "src/reduce/search.ts",
    "src/reduce/twins.ts",
  ],
  "test/text/open.test.ts": ["src/text/header.ts", "src/text/notes.ts", "src/text/words.ts"],
  "test/text/parse.test.ts": ["src/text/attribute.ts", "src/text/tensor.ts"],
  "test/unplugin/index.test.ts": [
    "src/unplugin/esbuild.ts",
    "src/unplugin/loader.ts",
    "src/unplugin/rolldown.ts",
    "src/unplugin/rollup.ts",
    "src/unplugin/rspack.ts",
    "src/unplugin/vite.ts",
    "src/unplugin/vite-server.ts",
    "src/unplugin/webpack.ts",
  ],
  "test/training/lower-preview.test.ts": ["src/training/lower-gradient.ts"],
  "test/training/loss.test.ts": ["src/training/cross-entropy.ts"],
  "test/training/step.test.ts": ["src/training/state-updates.ts"],
};

const root = fileURLToPath(new URL("..", import.meta.url));

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** The sentences of a room: docs/errors.md and docs/refusals.md list them all. */
const CATALOGUE = /\/(?:errors|refusals)\.ts$/;

/** A function, a method or an arrow with a body: more than types, tables and sentences. */
function hasLogic(file: string): boolean {
  if (CATALOGUE.test(file) && dirname(file) !== "src/base") return false;
  const code = textOf(file).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return /\bfunction\b *\*? *\w*[<(]|=> \{|^ {2}(?:static |async |get |set )*[*#]?\w+\([^\n]*\{$/m.test(code);
}

/** The source that the built file is made from, for tests that run what is built. */
function sourceOf(built: string): string {
  return built.replace(/^dist\/src\//, "src/").replace(/^dist\//, "src/");
}

/** The files of the repository that a file imports, or runs as they are built. */
function importsOf(file: string): string[] {
  const specifiers = textOf(file).matchAll(
    /\bfrom\s*"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"\s*\)|\bnew URL\("(\.[^"]+\/dist\/[^"]+)"/g,
  );
  return [...specifiers]
    .map(([, from, dynamic, built]) => resolve(root, dirname(file), from ?? dynamic ?? built ?? ""))
    .map((path) => sourceOf(relative(root, path)).replace(/\.js$/, ".ts"))
    .filter((target) => target.endsWith(".ts"));
}

/** The imports of a test, direct or through helpers of tests. */
function subjectsOf(test: string): readonly string[] {
  const subjects = new Set<string>();
  const helpers = [test];
  for (const helper of helpers) {
    for (const target of importsOf(helper)) {
      if (!target.startsWith("test/")) subjects.add(target);
      else if (!helpers.includes(target)) helpers.push(target);
    }
  }
  return [...subjects];
}

/** Where one room hands over to another: the library's doors, the passes, and the tables that find an operator's family. */
function isDoor(file: string): boolean {
  return /^src\/(?:index|train)\.ts$|^passes\/|^src\/ops\/[a-z-]+\.ts$/.test(file);
}

/** Whether a test leads to a file: by imports within a room, through doors, and into the room of the file. */
function leadsTo(test: string, file: string): boolean {
  const seen = [...subjectsOf(test)];
  for (const at of seen) {
    if (at === file) return true;
    for (const next of importsOf(at)) {
      const isNear = dirname(next) === dirname(at) || `${file}/`.startsWith(`${dirname(next)}/`);
      if ((isNear || isDoor(at) || isDoor(next)) && !seen.includes(next)) seen.push(next);
    }
  }
  return false;
}

const tests = filesIn("test").filter((file) => file.endsWith(".test.ts"));
const sources = filesIn("src");

/** The tests beside a file: its own, those of aspects of it, and that of the file that it is a part of. */
function testsBeside(file: string): string[] {
  const folder = dirname(file).replace(/^src/, "test");
  const name = file.slice(dirname(file).length + 1, -".ts".length);
  return tests.filter((test) => {
    if (dirname(test) !== folder) return false;
    const [subject = ""] = test.slice(folder.length + 1).split(".");
    return subject === name || name.startsWith(`${subject}-`);
  });
}

describe("tests", () => {
  it("stand beside their subject", () => {
    const astray = tests.filter((test) => {
      const [room = ""] = test.slice("test/".length).split("/");
      if (CROSS_CUTTING.includes(room) || room === "passes" || room.endsWith(".test.ts")) return false;
      const folder = dirname(test).replace(/^test/, "src");
      const [subject = ""] = test.slice(dirname(test).length + 1).split(".");
      return !existsSync(join(root, folder, `${subject}.ts`));
    });
    expect(astray, "name each test after a file of src in the same folder").toEqual([]);
  });

  it("are there for every pass", () => {
    const passes = filesIn("passes")
      .map((file) => file.slice("passes/".length, -".ts".length))
      .filter((name) => name !== "index");
    const asserting = (test: string): boolean => /\bexpect\w*\(|\b\w+(?:Case|Table)\(/.test(textOf(test));
    const without = passes.filter(
      (pass) => !tests.some((test) => test.startsWith(`test/passes/${pass}/`) && asserting(test)),
    );
    expect(without, "give each pass a test in test/passes/<pass>").toEqual([]);
    const folders = tests.filter((test) => test.startsWith("test/passes/")).map((test) => test.split("/")[2]);
    const named = [...passes, "index.test.ts"];
    const strange = [...new Set(folders)].filter((folder) => !named.includes(folder ?? ""));
    expect(strange, "name each folder after a pass").toEqual([]);
  });

  it("are there for every file with logic", () => {
    const elsewhere = new Set(Object.values(TESTED_BY).flat());
    const without = sources.filter(
      (file) => hasLogic(file) && testsBeside(file).length === 0 && !elsewhere.has(file),
    );
    expect(without, "give each file a test beside it, or a place in TESTED_BY").toEqual([]);
  });

  it.each(Object.entries(TESTED_BY))("in %s cover the files listed for it", (test, files) => {
    expect(tests, "a row of TESTED_BY names a test that is not there").toContain(test);
    for (const file of files) {
      expect(sources, "TESTED_BY names a file that is not there").toContain(file);
      expect(testsBeside(file), `${file} has tests of its own; take it out of TESTED_BY`).toEqual([]);
      expect(leadsTo(test, file), `${test} must import ${file}, if only through other files`).toBe(true);
    }
  });
});
