import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readCheckpoint, writeCheckpoint } from "../../src/node/checkpoint.js";
import { filesIn, temporaryFolder } from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !isSo() && Date.now() < end; ) await sleep(10);
}

describe("a checkpoint", () => {
  const module = new URL("../../dist/src/node/checkpoint.js", import.meta.url).href;

  test("is whole whenever the process is killed while it writes the next", async () => {
    writeFileSync(
      at("writer.mjs"),
      `import { writeCheckpoint } from ${JSON.stringify(module)};
       for (let step = Number(process.argv[2]); ; step++) {
         const data = new Uint8Array(new Float32Array(2 ** 20).fill(step).buffer);
         await writeCheckpoint("killed.safetensors", { step, epoch: 0, batch: step, course: "c", best: undefined,
           tensors: new Map([["w", { dtype: "float", dims: [2 ** 20], data }]]) });
       }`,
    );
    const temporaries = (): readonly string[] =>
      filesIn(cwd).filter((name) => /^\.normfold-.*\.tmp$/.test(name));
    let last = 0;
    for (let kill = 0; kill < 4; kill++) {
      const child = spawn(process.execPath, [fileURLToPath(`file://${at("writer.mjs")}`), String(last + 1)], {
        cwd,
      });
      const ended = new Promise((resolve) => child.on("close", resolve));
      await until(() => existsSync(at("killed.safetensors")) && temporaries().length > 0);
      child.kill("SIGKILL");
      await ended;
      for (const name of temporaries()) rmSync(at(name));
      const { step, tensors } = readCheckpoint(at("killed.safetensors"));
      expect(step).toBeGreaterThanOrEqual(last);
      const data = tensors.get("w")?.data;
      const numbers = data instanceof Uint8Array ? new Float32Array(data.buffer) : [];
      expect(numbers.length).toBe(2 ** 20);
      expect(new Set(numbers)).toEqual(new Set([step]));
      last = step;
    }
  });
});

describe("checkpoints", () => {
  const tensor = {
    dtype: "float" as const,
    dims: [2],
    data: new Uint8Array(Float32Array.of(1.5, -2).buffer),
  };
  const saved = {
    step: 7,
    epoch: 1,
    batch: 3,
    course: "c",
    tensors: new Map([["w", tensor]]),
    best: { step: 5, score: 0.75, tensors: new Map([["w", { ...tensor, dims: [1, 2] }]]) },
  };

  test("come back as they were written", async () => {
    await writeCheckpoint(at("a.safetensors"), saved);
    expect(readCheckpoint(at("a.safetensors"))).toEqual(saved);
  });

  test("may have a name as long as names can be", async () => {
    const long = "n".repeat(255);
    await writeCheckpoint(at(long), saved);
    expect(readCheckpoint(at(long))).toEqual(saved);
    rmSync(at(long));
  });

  test("are refused in one line when they are damaged", async () => {
    await writeCheckpoint(at("b.safetensors"), saved);
    const whole = readFileSync(at("b.safetensors"));
    for (const bytes of [
      whole.subarray(0, 5),
      whole.subarray(0, 60),
      whole.subarray(0, -3),
      Buffer.alloc(40),
    ]) {
      writeFileSync(at("c.safetensors"), bytes);
      expect(() => readCheckpoint(at("c.safetensors"))).toThrow(
        expect.objectContaining({ code: "invalid", id: "checkpoint-is-damaged" }),
      );
    }
  });
});
