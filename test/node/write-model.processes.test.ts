import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { openModelFile } from "../../src/node/files.js";
import { filesIn, temporaryFolder } from "../support/cli.js";

/** Real processes that write one file: killed at any moment, and several at once. */

const cwd = temporaryFolder();
const MODEL = join(cwd, "net.onnx");
const module = (path: string): string =>
  JSON.stringify(new URL(`../../dist/src/${path}`, import.meta.url).href);

// Writes models whose weights are all of one number, over and over, with data and now and then without.
writeFileSync(
  join(cwd, "writer.mjs"),
  `import { createModel } from ${module("ir/model.js")};
   import { Tensor } from ${module("ir/tensor.js")};
   import { writeModelFile } from ${module("node/files.js")};
   const [first, step, last] = process.argv.slice(2).map(Number);
   for (let fill = first; fill < last; fill += step) {
     const model = createModel(17);
     for (const [name, size] of [["v", 3000], ["w", 200000]]) {
       const bytes = new Uint8Array(new Float32Array(size).fill(fill).buffer);
       model.graph.addInitializer(name, new Tensor("float", [size], { kind: "computed", compute: () => bytes }));
     }
     await writeModelFile(model, "net.onnx", { externalData: fill % 5 !== 0, fsync: false });
   }`,
);

afterEach(() => {
  for (const name of readdirSync(cwd))
    if (name.includes(".onnx") || name.endsWith(".tmp")) rmSync(join(cwd, name));
});

function writer(
  first: number,
  step: number,
  last = Number.MAX_SAFE_INTEGER,
): { stop(): void; ended: Promise<string> } {
  const child = spawn(process.execPath, ["writer.mjs", String(first), String(step), String(last)], { cwd });
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => {
    stderr += part.toString();
  });
  const ended = new Promise<string>((resolve) => child.on("close", () => resolve(stderr)));
  return { stop: () => child.kill("SIGKILL"), ended };
}

/** The number that fills the weights; the model is whole, and of one writer. */
function fillOf(path: string): number {
  const numbers = new Set<number>();
  for (const { tensor } of openModelFile(path).graph.initializers) {
    for (const number of new Float32Array((tensor?.bytes() ?? new Uint8Array()).slice().buffer))
      numbers.add(number);
  }
  expect([...numbers]).toHaveLength(1);
  return [...numbers][0] ?? Number.NaN;
}

it("a process killed at any moment leaves a whole model, and the next one cleans up", async () => {
  let last = 0;
  for (let kill = 0; kill < 8; kill++) {
    const { stop, ended } = writer(last + 1, 1);
    for (const end = Date.now() + 20_000; !existsSync(MODEL) && Date.now() < end; ) await sleep(5);
    await sleep(60 + 17 * kill);
    stop();
    expect(await ended).toBe("");
    const fill = fillOf(MODEL);
    expect(fill).toBeGreaterThanOrEqual(last);
    last = fill;
  }
  const { ended } = writer(1000, 1, 1001);
  expect(await ended).toBe("");
  expect(fillOf(MODEL)).toBe(1000);
  // 1000 has no data; what the killed ones left is gone.
  expect(filesIn(cwd).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

it("several processes at once leave the model of one of them", async () => {
  const writers = [1, 2, 3].map((first) => writer(first, 3, 30));
  const said = await Promise.all(writers.map(({ ended }) => ended));
  expect(said).toEqual(["", "", ""]);
  expect(fillOf(MODEL)).toBeLessThan(30);
  expect(filesIn(cwd).filter((name) => name.endsWith(".tmp"))).toEqual([]);
}, 120_000);

it("several processes that write the same data, and others, share it", async () => {
  const writers = [1, 1, 2, 2].map((fill) => writer(fill, 0, 3));
  await sleep(2500);
  for (const { stop } of writers) stop();
  expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual(["", "", "", ""]);
  expect([1, 2]).toContain(fillOf(MODEL));
}, 60_000);
