import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { OutsideWatch } from "../../src/isolation/outside-watch.js";
import { IS_WATCHED_FROM_OUTSIDE } from "../../src/isolation/watchman.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-watch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BUSY = "for (;;);";
const LIMITS = { timeout: 60, memory: 2 ** 32 };

/** Starts a process that never lets its event loop turn. */
function busy(): { readonly child: ReturnType<typeof spawn>; readonly ended: Promise<unknown> } {
  const child = spawn(process.execPath, ["-e", BUSY], { stdio: "ignore" });
  return { child, ended: new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal))) };
}

/** Whether it runs; one that has ended may wait for somebody to hear of it. */
function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

describe.runIf(IS_WATCHED_FROM_OUTSIDE)("a watch from outside", () => {
  it("ends a busy process whose parent was killed, and removes what the parent left", async () => {
    const [left, kept, also] = ["left it's $HOME.tmp", "kept.tmp", "also.tmp"].map((name) =>
      join(folder, name),
    );
    for (const path of [left, kept, also]) writeFileSync(path ?? "", "");
    const program = `
      import { spawn } from "node:child_process";
      import { OutsideWatch } from ${JSON.stringify(resolve("dist/src/isolation/outside-watch.js"))};
      const child = spawn(process.execPath, ["-e", ${JSON.stringify(BUSY)}], { stdio: "ignore" });
      const watch = new OutsideWatch(child);
      watch.tell({ add: ${JSON.stringify(kept)} });
      watch.tell({ remove: ${JSON.stringify(kept)} });
      watch.tell({ add: ${JSON.stringify(left)} });
      watch.begin({ timeout: 60, memory: 2 ** 32 });
      watch.tell({ add: ${JSON.stringify(also)} });
      console.log(child.pid);
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => [left, also].some((path) => existsSync(path ?? ""))).toBe(false);
    await expect.poll(() => runs(pid)).toBe(false);
    expect(existsSync(kept ?? "")).toBe(true);
  });

  it("ends a process that passes a limit, and says which", async () => {
    for (const [limits, passed] of [
      [{ ...LIMITS, timeout: 0.1 }, "time"],
      [{ ...LIMITS, memory: 1 }, "memory"],
    ] as const) {
      const { child, ended } = busy();
      const watch = new OutsideWatch(child);
      watch.begin(limits);
      expect(await ended).toBe("SIGKILL");
      expect(watch.passed).toBe(passed);
      watch.close();
    }
  });

  it("leaves a process alone between two calls, and when it is closed", async () => {
    const { child, ended } = busy();
    const watch = new OutsideWatch(child);
    watch.begin({ ...LIMITS, timeout: 0.01 });
    watch.end();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([child.exitCode, child.signalCode, watch.passed]).toEqual([null, null, undefined]);
    watch.begin(LIMITS);
    watch.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(child.signalCode).toBe(null);
    child.kill("SIGKILL");
    await ended;
  });
});
