import { describe, expect, it } from "vitest";
import { exitText, runCommand } from "../../src/node/run-command.js";

const signal = new AbortController().signal;

describe.skipIf(process.platform === "win32")("runCommand", () => {
  it("gives the exit code and what was printed on both streams", async () => {
    expect(await runCommand("echo out; echo err >&2; exit 4", 60, signal)).toMatchObject({
      code: 4,
      output: expect.stringMatching(/^(out\nerr\n|err\nout\n)$/),
    });
  });

  it("ends what the command has started with it", async () => {
    const { code, output } = await runCommand("sleep 1000 & echo $!; wait", 0.5, signal);
    expect(code).toBeUndefined();
    const isAlive = (): boolean => {
      try {
        process.kill(Number(output.trim()), 0);
        return true;
      } catch {
        return false;
      }
    };
    // Whoever inherits it collects it a moment later.
    for (const end = Date.now() + 20_000; isAlive() && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAlive()).toBe(false);
  });

  it("does not start one when it is too late", async () => {
    await expect(runCommand("exit 0", 60, AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
  });

  it("names the signals of shells", () => {
    expect([1, 139, 134].map(exitText)).toEqual([
      "exit code 1",
      "exit code 139 (SIGSEGV)",
      "exit code 134 (SIGABRT)",
    ]);
  });
});
