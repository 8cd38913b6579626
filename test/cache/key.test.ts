import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { basisKey, keyWithData } from "../../src/cache/key.js";
import type { OptimizeFileJob } from "../../src/job/optimize-file.js";
import { folderWith } from "../batch/support.js";

const job: OptimizeFileJob = { input: "m.onnx", output: "o/m.onnx", options: { seed: 1, skip: ["a"] } };

describe("basisKey", () => {
  const keys = (...jobs: readonly OptimizeFileJob[]): Promise<string[]> =>
    Promise.all(jobs.map((each) => basisKey(each, "1")));

  it("hangs on the program and the options, and not on their order or on how it is printed", async () => {
    const [one, other, printed, elsewhere, seed] = await keys(
      job,
      { ...job, options: { skip: ["a"], seed: 1 } },
      { ...job, options: { ...job.options, explain: true } },
      { ...job, input: "n.onnx", output: "p/n.onnx" },
      { ...job, options: { ...job.options, seed: 2 } },
    );
    expect([other, printed, elsewhere]).toEqual([one, one, one]);
    expect(seed).not.toBe(one);
    expect(await basisKey(job, "2")).not.toBe(one);
  });

  it("hangs on the name of a result that has a data file", async () => {
    const options = { externalData: true } as const;
    const [one, elsewhere, named] = await keys(
      { ...job, options },
      { ...job, options, output: "p/m.onnx" },
      { ...job, options, output: "o/n.onnx" },
    );
    expect(elsewhere).toBe(one);
    expect(named).not.toBe(one);
  });

  it("hangs on what is in the data of the check", async () => {
    const folder = folderWith("set/input_0.pb", "x.npz");
    const of = (checkInputs: string): Promise<string[]> => keys({ ...job, options: { checkInputs } });
    const [file, set] = [join(folder, "x.npz"), join(folder, "set")];
    const before = [await of(file), await of(set)];
    expect([await of(file), await of(set)]).toEqual(before);
    writeFileSync(file, "other");
    writeFileSync(join(set, "input_0.pb"), "other");
    expect(await of(file)).not.toEqual(before[0]);
    expect(await of(set)).not.toEqual(before[1]);
  });

  it("hangs on a plugin, and on the modules that it imports", async () => {
    const folder = folderWith("p.ts", "lib/inner.ts", "unrelated.ts");
    const path = join(folder, "p.ts");
    writeFileSync(path, 'import { x } from "./lib/inner.js";\nexport default x;');
    const of = (): Promise<string[]> => keys({ ...job, plugins: [{ kind: "module", path }] });
    const before = await of();
    writeFileSync(join(folder, "unrelated.ts"), "changed");
    expect(await of()).toEqual(before);
    writeFileSync(join(folder, "lib/inner.ts"), 'import "../p.ts"; export const x = 2;');
    expect(await of()).not.toEqual(before);
    expect(await keys(job)).not.toEqual(before);
  });
});

it("hangs on the external data, the name of the result, and whether it is beside the model", () => {
  const at = (output: string, data = ["d"]): string =>
    keyWithData("model", data, { input: "a/m.onnx", output });
  const before = at("b/o.onnx");
  expect(at("c/o.onnx")).toBe(before);
  expect(at("b/p.onnx")).not.toBe(before);
  expect(at("a/o.onnx")).not.toBe(before);
  expect(at("b/o.onnx", ["e"])).not.toBe(before);
});
