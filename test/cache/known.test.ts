import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Figures } from "../../src/batch/outcome.js";
import { KnownJobs } from "../../src/cache/known.js";
import { Records } from "../../src/cache/records.js";
import { stampOf } from "../../src/cache/stamp.js";
import { folderWith } from "../batch/support.js";

const pair = { before: 1, after: 1 };
const figures: Figures = { nodes: pair, bytes: pair, check: "equal", undone: 0, ms: 1 };

it("knows a job while its files are as they were, by the same basis, in the same list of jobs", async () => {
  const folder = folderWith("m.onnx", "o.onnx");
  const files = ["m.onnx", "o.onnx"].map((name) => join(folder, name));
  const [input = "", output = ""] = files;
  const job = { input, output, options: {} };
  while (files.some((file) => stampOf(file) === undefined))
    await new Promise((resolve) => setTimeout(resolve, 20));
  const records = new Records(join(folder, "cache"));
  const known = new KnownJobs(records, [job]);
  known.note(job, files, { basis: "b", key: "k", figures });
  known.save();
  const later = new KnownJobs(records, [job]);
  expect(later.find(job, "b")).toMatchObject({ key: "k", figures });
  expect(later.find(job, "c")).toBeUndefined();
  expect(new KnownJobs(records, [job, { ...job, output: "p" }]).find(job, "b")).toBeUndefined();
  writeFileSync(output, "other");
  expect(later.find(job, "b")).toBeUndefined();
});

it("does not rely on a file that was written just now", () => {
  const folder = folderWith("m.onnx");
  const job = { input: join(folder, "m.onnx"), output: "o", options: {} };
  const soon = new Date(Date.now() + 60_000);
  utimesSync(job.input, soon, soon);
  const known = new KnownJobs(new Records(join(folder, "cache")), [job]);
  known.note(job, [job.input], { basis: "b", key: "k", figures });
  expect(known.find(job, "b")).toBeUndefined();
});
