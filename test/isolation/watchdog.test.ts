import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { WATCH } from "../../src/isolation/descriptors.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-watchdog-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("ends a busy process when its parent has gone, and removes what the parent left", async () => {
  const [left, kept] = [join(folder, "left.tmp"), join(folder, "kept.tmp")];
  for (const path of [left, kept]) writeFileSync(path, "");
  const program = `const { Worker } = require("node:worker_threads");
    new Worker("./dist/isolation/watchdog.cjs", { workerData: new SharedArrayBuffer(16) });
    for (;;);`;
  const child = spawn(process.execPath, ["-e", program], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  // Node's types know only the standard streams.
  const watch = (child.stdio as unknown as readonly Socket[])[WATCH] as Socket;
  for (const change of [{ add: left }, { add: kept }, { remove: kept }])
    watch.write(`${JSON.stringify(change)}\n`);
  watch.end();
  expect(await ended).toBe("SIGKILL");
  expect([existsSync(left), existsSync(kept)]).toEqual([false, true]);
});
