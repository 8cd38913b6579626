import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { WorkerPool } from "../../src/batch/worker-pool.js";
import { BIN, CONV_BN, writeModel } from "../support/cli.js";
import { folderWith } from "./support.js";

const folder = folderWith();
const input = await writeModel(join(folder, "in.onnx"), CONV_BN);
const options = { isolation: "process" } as const;
const pool = new WorkerPool({ script: BIN, threads: 1 });
afterAll(() => pool.close());

describe("WorkerPool", () => {
  it("does one job after the other in one process, with one process of onnxruntime", async () => {
    const output = join(folder, "out.onnx");
    const first = await pool.run({ input, output, options });
    expect(first.run.report.check?.status).toBe("equal");
    expect(existsSync(output)).toBe(true);
    const second = await pool.run({ input, output: join(folder, "again.onnx"), options });
    // onnxruntime is there already, and code is warm: most of the first time was to load it.
    expect(second.run.report.after).toEqual(first.run.report.after);
  });

  it("throws the error of a job, and goes on", async () => {
    const broken = join(folder, "broken.onnx");
    writeFileSync(broken, "no model");
    await expect(pool.run({ input: broken, output: join(folder, "no.onnx"), options })).rejects.toMatchObject(
      {
        code: "invalid",
        where: { file: broken },
      },
    );
    await pool.run({ input, output: join(folder, "after.onnx"), options });
  });

  it("loses one job with a worker that is killed, and starts another", async () => {
    const doomed = new WorkerPool({ script: BIN, threads: 1 });
    const job = { input, output: join(folder, "killed.onnx"), options };
    const lost = doomed.run(job);
    doomed.kill();
    // The worker may not have begun to start, or may be done: then there is nothing to lose.
    await lost.catch((error: unknown) => expect(error).toMatchObject({ id: /worker/ }));
    await doomed.run(job);
    await doomed.close();
  });

  it("says so where workers do not start", async () => {
    const script = join(folder, "exits.mjs");
    writeFileSync(script, "process.exit(3);");
    const none = new WorkerPool({ script, threads: 1 });
    await expect(none.run({ input, output: join(folder, "o.onnx"), options })).rejects.toMatchObject({
      id: "worker-does-not-start",
      message: expect.stringContaining("exit code 3"),
    });
    await none.close();
  });
});
