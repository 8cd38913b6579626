import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { NormfoldError } from "../../../src/base/errors.js";
import { decodeNumbers } from "../../../src/ir/tensor.js";
import { moduleDataset } from "../../../src/node/data/module.js";

const WORKER = fileURLToPath(new URL("../../../dist/src/node/data/module-worker.js", import.meta.url));
if (!existsSync(WORKER)) throw new Error("the thread of modules is not built; run npm run build first");

const folder = mkdtempSync(join(tmpdir(), "normfold-module-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The sums of the batches, or the error with which drawing them ends. */
async function draw(path: string, { seconds = 20, pause = 0 } = {}): Promise<number[] | NormfoldError> {
  const sums: number[] = [];
  try {
    const dataset = await moduleDataset(path, seconds);
    try {
      for await (const { tensors } of dataset.batches({ size: 2, limit: 200 })) {
        const x = tensors.get("x");
        if (!(x?.data instanceof Uint8Array)) return expect.unreachable("no numbers");
        sums.push(decodeNumbers(x.dtype, x.data, x.data.length / 4).reduce((sum, value) => sum + value, 0));
      }
      await new Promise((wake) => setTimeout(wake, pause));
    } finally {
      await dataset.close();
    }
    return sums;
  } catch (error) {
    if (error instanceof NormfoldError) return error;
    throw error;
  }
}

const EIGHT = "Array.from({ length: 8 }, (_, i) => ({ x: Float32Array.of(i, 1) }))";
const SUMS = [3, 7, 11, 15];

describe("a module with samples", () => {
  it.each([
    ["an array", `export default ${EIGHT}`],
    ["a function", `export default () => ${EIGHT}`],
    ["a promise", `export default Promise.resolve(${EIGHT})`],
    ["a generator", `export default function* () { yield* ${EIGHT} }`],
    [
      "a slow generator",
      `export default async function* () { for (const s of ${EIGHT}) { await 0; yield s } }`,
    ],
    [
      "parts of one buffer",
      `const all = new Float32Array(16); for (let i = 0; i < 8; i++) all.set([i, 1], 2 * i);
      export default Array.from({ length: 8 }, (_, i) => ({ x: all.subarray(2 * i, 2 * i + 2) }))`,
    ],
    [
      "arrays with methods",
      `export default ${EIGHT}.map(({ x }) => ({ x: { data: x, dims: [2], sum() {} } }))`,
    ],
    ["what it prints", `console.log("loading"); export default ${EIGHT}`],
    [
      "one that fails after they are all given",
      `export default function* () { try { yield* ${EIGHT} } finally { } }`,
    ],
  ])("gives them as %s", async (name, text) => {
    expect(await draw(write(`${name.replaceAll(" ", "-")}.mjs`, text))).toEqual(SUMS);
  });

  it("ends with its limit where it goes on for ever", async () => {
    const path = write(
      "endless.mjs",
      "export default function* () { for (;;) yield { x: Float32Array.of(1) } }",
    );
    expect(await draw(path)).toHaveLength(100);
  });

  it("is drawn from anew in each round, and twice at a time", async () => {
    const dataset = await moduleDataset(write("twice.mjs", `export default () => ${EIGHT}`));
    const [one, other] = [dataset.batches({ size: 3 }), dataset.batches({ size: 3 })].map((batches) =>
      batches[Symbol.asyncIterator](),
    );
    const sizes: (number | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      for (const round of [one, other]) sizes.push((await round?.next())?.value?.size);
    }
    expect(sizes).toEqual([3, 3, 3, 3, 2, 2]);
    await dataset.close();
  });

  it.each([
    ["never.mjs", "await new Promise(() => {}); export default []", "module-ends-early"],
    ["never-called.mjs", "export default () => new Promise(() => {})", "module-ends-early"],
    [
      "never-sample.mjs",
      `export default async function* () { yield* ${EIGHT}; await new Promise(() => {}) }`,
      "module-ends-early",
    ],
    ["exit.mjs", `process.exit(0); export default ${EIGHT}`, "module-ends-early"],
    [
      "exit-later.mjs",
      `export default function* () { yield* ${EIGHT}; process.exit(0) }`,
      "module-ends-early",
    ],
    ["loop.mjs", "for (;;); export default []", "module-takes-too-long"],
    ["awaits.mjs", "for (;;) await 0; export default []", "module-takes-too-long"],
    ["timer.mjs", "setInterval(() => {}, 10); await new Promise(() => {})", "module-takes-too-long"],
    ["loop-later.mjs", `export default function* () { yield* ${EIGHT}; for (;;); }`, "module-takes-too-long"],
    ["throws.mjs", 'throw new Error("at once")', "module-does-not-load"],
    ["syntax.mjs", "export default [", "module-does-not-load"],
    ["missing.mjs", 'import "./nowhere.js"; export default []', "module-does-not-load"],
    [
      "unhandled.mjs",
      `setTimeout(() => { throw new Error("later") }, 10); export default ${EIGHT}`,
      "module-fails",
    ],
    ["rej.mjs", `Promise.reject(new Error("rejected")); export default ${EIGHT}`, "module-fails"],
    ["null.mjs", `Promise.reject(null); export default ${EIGHT}`, "module-fails"],
    ["rejects.mjs", 'export default Promise.reject(new Error("no"))', "module-fails"],
    ["abort.mjs", "export default () => process.abort()", "module-fails"],
    ["nothing.mjs", "export const a = 1", "module-exports-no-samples"],
    ["number.mjs", "export default 7", "module-exports-no-samples"],
    ["text.mjs", 'export default "abc"', "module-exports-no-samples"],
    ["empty.mjs", "export default []", "data-holds-no-samples"],
    ["numbers.mjs", "export default [1, 2]", "sample-is-not-object"],
    ["texts.mjs", 'export default [{ x: "a" }]', "sample-field-is-not-tensor"],
    ["methods.mjs", "export default [{ x() {} }]", "sample-field-is-not-tensor"],
    [
      "sizes.mjs",
      "export default [{ x: { data: new Float32Array(3), dims: [2] } }]",
      "sample-field-is-not-tensor",
    ],
    [
      "types.mjs",
      "export default [{ x: new Float32Array(2) }, { x: new Float64Array(2) }]",
      "sample-differs-from-first",
    ],
  ])("%s ends in one line", async (name, text, id) => {
    const seconds = id === "module-takes-too-long" ? 0.5 : 20;
    const error = await draw(write(name, text), { seconds, pause: 300 });
    if (!(error instanceof NormfoldError)) return expect.unreachable(`drawn: ${error}`);
    expect([error.id, error.code]).toEqual([id, "invalid"]);
    if (id.startsWith("module")) expect(error.describe()).toContain(name);
    expect(error.describe()).not.toContain("\n");
  });
});
