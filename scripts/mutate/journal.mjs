// What is known of guards and tests, in a file of JSON lines that only grows:
//
//   set              the guards that were looked for, under a name
//   covered          what the tests of a file reach of a set; it holds while the file stays
//   caught, kept     one try; a catch holds while the guard's file stays, a miss also while the test's does
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export class Journal {
  #path;
  #guards;
  #byKey;
  #set;
  /** By name of a set: its guards. */
  #sets = new Map();
  #hashes;
  /** By test file: its tests with the ids of the guards that they reach, and the ids that the file reaches outside of them. */
  #covers = new Map();
  /** By guard id: how it was caught. */
  #caught = new Map();
  /** By guard id: the tests that it was tried in. */
  #tried = new Map();

  constructor(path, guards, tests) {
    this.#path = path;
    this.#guards = guards;
    this.#byKey = new Map(guards.map((guard) => [guard.key, guard]));
    this.#set = hash(guards.map(({ key }) => key).join("\n"));
    this.#hashes = new Map(tests.map((test) => [test.file, test.hash]));
    for (const text of existsSync(path) ? readFileSync(path, "utf8").split("\n") : []) {
      // The last line may have been cut when the process ended.
      if (text.endsWith("}")) this.#read(JSON.parse(text));
    }
    if (!this.#sets.has(this.#set))
      this.#add({ kind: "set", name: this.#set, keys: guards.map(({ key }) => key) });
  }

  /** Whether it is known which of these guards a test file reaches. */
  isCovered(file, asked) {
    const keys = this.#sets.get(this.#covers.get(file)?.set);
    return keys !== undefined && asked.every(({ key }) => keys.has(key));
  }

  /** The test that catches a guard's absence, and how: "caught", "hung" or "crashed". */
  caughtBy({ id }) {
    return this.#caught.get(id);
  }

  /** How many tests reach a guard, and how many of them were tried. */
  reachOf({ id }) {
    let reach = 0;
    for (const { tests, shared } of this.#covers.values())
      reach += tests.filter(({ reached }) => reached.includes(id)).length + (shared.includes(id) ? 1 : 0);
    return { reach, tried: this.#tried.get(id)?.size ?? 0 };
  }

  /** The next tests for the guards that are not caught: first those beside them, then those that reach little else. */
  choose(asked, tries, long) {
    const wanted = new Set(asked.map(({ id }) => id).filter((id) => !this.#caught.has(id)));
    const candidates = new Map();
    for (const [file, { tests }] of this.#covers) {
      for (const test of tests) {
        if (test.time > long) continue;
        for (const id of test.reached) {
          if (!wanted.has(id) || this.#tried.get(id)?.has(test.id)) continue;
          if (!candidates.has(id)) candidates.set(id, []);
          const order = [besides(file, this.#guards[id].file) ? 0 : 1, test.reached.length * (test.time + 5)];
          candidates.get(id).push({ file, test, order });
        }
      }
    }
    const chosen = new Map();
    for (const [id, list] of candidates) {
      list.sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1]);
      for (const { file, test } of list.slice(0, tries)) {
        if (!chosen.has(test.id)) chosen.set(test.id, { file, time: test.time, guards: [] });
        chosen.get(test.id).guards.push(id);
      }
    }
    return chosen;
  }

  /** For the guards that are not caught and that hooks or modules reach: the files to run as a whole. */
  *chooseFiles(asked, most) {
    for (const guard of asked) {
      if (this.#caught.has(guard.id)) continue;
      const files = [...this.#covers]
        .filter(([file, { shared }]) => shared.includes(guard.id) && !this.#tried.get(guard.id)?.has(file))
        .map(([file]) => file)
        .slice(0, most);
      if (files.length > 0) yield [guard, files];
    }
  }

  /** Takes in the results of a run. */
  take(text, { mode, chosen }) {
    for (const line of text
      .split("\n")
      .filter((each) => each.endsWith("}"))
      .map((each) => JSON.parse(each))) {
      if (line.kind === "covered") {
        const keys = (ids) => ids.map((id) => this.#guards[id].key);
        const tests = line.tests.map((test) => ({ ...test, reached: keys(test.reached) }));
        this.#add({
          ...line,
          tests,
          shared: keys(line.shared),
          hash: this.#hashes.get(line.file),
          set: this.#set,
        });
      } else {
        const file = mode === "whole" ? line.test : chosen.get(line.test).file;
        this.#addTry(line.kind, line.guard, line.test, file, line.name);
      }
    }
  }

  /** A test that hangs without a guard, or ends its process, notices its absence. */
  ended({ guard, test, name }, how) {
    if (!this.#isSettled(guard, test)) this.#addTry("caught", guard, test, name.split(" > ")[0], name, how);
  }

  /** What is left of a plan that was stopped; undefined where it is done, or where running it again would not help. */
  leftOf({ mode, chosen, files, before }) {
    if (mode === "whole") return undefined;
    if (mode === "cover") {
      const left = files.filter((file) => !this.isCovered(file, this.#guards));
      if (left.length === 0) return undefined;
      if (left.length < files.length) return { mode, files: left };
      console.log(`could not be measured: ${left.join(", ")}`);
      return undefined;
    }
    const left = new Map();
    let count = 0;
    for (const [test, choice] of chosen) {
      const guards = choice.guards.filter((id) => !this.#isSettled(id, test));
      count += guards.length;
      if (guards.length > 0) left.set(test, { ...choice, guards });
    }
    if (count === 0) return undefined;
    if (count === before) {
      console.log(`${count} tries gave no answer`);
      return undefined;
    }
    return {
      mode,
      chosen: left,
      files: [...new Set([...left.values()].map(({ file }) => file))],
      before: count,
    };
  }

  #isSettled(id, test) {
    return this.#caught.has(id) || this.#tried.get(id)?.has(test);
  }

  #addTry(kind, id, test, file, name, how) {
    const { key, hash: own } = this.#guards[id];
    this.#add({ kind, key, hash: own, test, file, testHash: this.#hashes.get(file), name, how });
  }

  #add(line) {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    this.#read(line);
  }

  #read(line) {
    if (line.kind === "set") this.#sets.set(line.name, new Set(line.keys));
    else if (line.kind === "covered") {
      if (line.hash !== this.#hashes.get(line.file)) return;
      const ids = (keys) => keys.flatMap((key) => this.#byKey.get(key)?.id ?? []);
      this.#covers.set(line.file, {
        set: line.set,
        tests: line.tests.map((test) => ({ ...test, reached: ids(test.reached) })),
        shared: ids(line.shared),
      });
    } else this.#readTry(line);
  }

  #readTry(line) {
    const guard = this.#byKey.get(line.key);
    if (guard === undefined || guard.hash !== line.hash) return;
    if (line.kind === "caught") this.#caught.set(guard.id, { by: line.name, how: line.how ?? "caught" });
    else if (line.testHash === this.#hashes.get(line.file)) {
      if (!this.#tried.has(guard.id)) this.#tried.set(guard.id, new Set());
      this.#tried.get(guard.id).add(line.test);
    }
  }
}

/** Whether a test file stands beside a source: test/fold/plan.test.ts beside src/fold/plan.ts, test/passes/fuse-gemm/ beside its pass. */
function besides(test, source) {
  const place = `test/${source.replace(/^src\//, "").replace(/\.ts$/, "")}`;
  return test.startsWith(`${place}.`) || test.startsWith(`${place}/`);
}

function hash(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
