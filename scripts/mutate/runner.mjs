// Runs the tests of a plan in one of three ways:
//
//   cover     each test as it is, noting the guards whose condition came true: only there does a guard matter
//   switch    chosen tests, once for each guard chosen for them, with that guard switched off; a test that fails then and passes
//             with the guard in holds it
//   whole     whole files with one guard switched off from the start, for guards that only hooks and modules reach
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { TestRunner } from "vitest";

const { mode, chosen, off, results, watch, root } = JSON.parse(
  readFileSync(process.env.NORMFOLD_MUTATE_PLAN, "utf8"),
);
const watched = `${watch}.${process.pid}`;

let switchedOff = off;
const reached = new Set();
globalThis.__guard = (id, condition, inverted) => {
  if (Boolean(condition) === inverted) return condition;
  reached.add(id);
  return id === switchedOff ? inverted : condition;
};

export default class MutatingRunner extends TestRunner {
  tests = [];
  shared = new Set();

  async onBeforeRunTask(test) {
    if (mode === "switch" && chosen[test.id] === undefined) test.mode = "skip";
    await super.onBeforeRunTask(test);
  }

  async runTask(test) {
    const run = TestRunner.getTestFn(test);
    if (mode === "cover") return this.cover(test, run);
    if (mode === "whole") {
      this.tell(test, off, 60_000);
      return run();
    }
    const { time, guards } = chosen[test.id];
    for (const guard of guards) {
      this.tell(test, guard, 10_000 + 20 * time);
      switchedOff = guard;
      const fails = await this.fails(test, run);
      switchedOff = undefined;
      const holds = fails && !(await this.fails(test, run));
      this.note({ kind: holds ? "caught" : "kept", guard, test: test.id, name: nameOf(test) });
    }
  }

  async cover(test, run) {
    this.share();
    this.tell(test, undefined, 600_000);
    const started = performance.now();
    await run();
    const time = Math.round(performance.now() - started);
    this.tests.push({ id: test.id, name: nameOf(test), time, reached: [...reached] });
    reached.clear();
  }

  /** Whether a test fails; its result stays as it was. */
  async fails(test, run) {
    const { result } = test;
    const before = { ...result };
    try {
      this.onBeforeTryTask(test);
      await run();
      this.onAfterTryTask(test);
      return (result.state === "fail") !== (test.fails ?? false);
    } catch {
      return !test.fails;
    } finally {
      for (const key of Object.keys(result)) delete result[key];
      Object.assign(result, before);
    }
  }

  async onAfterRunSuite(suite) {
    await super.onAfterRunSuite(suite);
    if (!("filepath" in suite)) return;
    rmSync(watched, { force: true });
    const file = relative(root, suite.filepath);
    const failed = suite.result?.state === "fail";
    if (mode === "whole") this.note({ kind: failed ? "caught" : "kept", guard: off, test: file, name: file });
    if (mode !== "cover") return;
    this.share();
    this.note({ kind: "covered", file, failed, tests: this.tests, shared: [...this.shared] });
    this.tests = [];
    this.shared.clear();
  }

  /** What was reached outside of tests belongs to the file. */
  share() {
    for (const guard of reached) this.shared.add(guard);
    reached.clear();
  }

  note(line) {
    appendFileSync(results, `${JSON.stringify(line)}\n`);
  }

  /** Says what runs and until when it may, to the process that can end this one. */
  tell(test, guard, limit) {
    const line = { test: test.id, name: nameOf(test), guard, until: Date.now() + limit };
    writeFileSync(watched, JSON.stringify(line));
  }
}

function nameOf(test) {
  const names = [test.name];
  for (let suite = test.suite; suite !== undefined && suite !== test.file; suite = suite.suite)
    names.unshift(suite.name);
  return `${relative(root, test.file.filepath)} > ${names.join(" > ")}`;
}
