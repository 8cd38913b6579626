import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Figures } from "../../src/batch/outcome.js";
import { digestOf } from "../../src/cache/digest.js";
import { KnownJobs } from "../../src/cache/known.js";
import { Records } from "../../src/cache/records.js";
import { stampOf } from "../../src/cache/stamp.js";
import { folderWith } from "../batch/support.js";

const pair = { before: 1, after: 1 };
const figures: Figures = { nodes: pair, bytes: pair, check: "equal", undone: 0, ms: 1 };

it("knows a job while its files are as they were, by the same basis, in the same list of jobs", async () => {
  const folder = folderWith("m.onnx", "o.onnx");
  const [input = "", output = ""] = ["m.onnx", "o.onnx"].map((name) => join(folder, name));
  const job = { input, output, options: {} };
  const files = ["m.onnx", "o.onnx"].map((name) => ({ path: join(folder, name), digest: digestOf(name) }));
  // A file system with coarse times takes longer.
  while (stampOf(output) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  const records = new Records(join(folder, "cache"));
  const known = new KnownJobs(records, [job]);
  known.note(job, files, { basis: "b", key: "k", figures });
  await known.save();
  const later = new KnownJobs(records, [job]);
  expect(later.find(job, "b")).toMatchObject({ key: "k", figures });
  expect(later.find(job, "c")).toBeUndefined();
  expect(new KnownJobs(records, [job, { ...job, output: "p" }]).find(job, "b")).toBeUndefined();
  writeFileSync(output, "other");
  expect(later.find(job, "b")).toBeUndefined();
});

it.each([
  ["has another content than was said", "m.onnx", new Date(Date.now() - 60_000)],
  ["was written just now, by its time", "o", new Date(Date.now() + 60_000)],
])("does not rely on a file that %s", async (_, content, time) => {
  const folder = folderWith("o");
  const job = { input: join(folder, "o"), output: "p", options: {} };
  utimesSync(job.input, time, time);
  const records = new Records(join(folder, "cache"));
  const known = new KnownJobs(records, [job]);
  known.note(job, [{ path: job.input, digest: digestOf(content) }], { basis: "b", key: "k", figures });
  await known.save();
  expect(new KnownJobs(records, [job]).find(job, "b")).toBeUndefined();
});
