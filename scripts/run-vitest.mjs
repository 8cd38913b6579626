import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs vitest as a group of processes of its own: `end()` ends it with all that its tests have started, and so does an
 * interruption of this process, which ends with 130 then. `closed` gives the exit code, null where it was ended; `output` is
 * called with what it writes, which is dropped without it.
 */
export function runVitest(args, env, output) {
  const stream = output === undefined ? "ignore" : "pipe";
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", stream, stream],
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  if (output !== undefined) for (const stream of [child.stdout, child.stderr]) stream.on("data", output);
  const end = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  const interrupted = () => {
    end();
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  const closed = new Promise((resolve) => child.once("close", resolve)).finally(() => {
    // Processes that a test has left behind.
    end();
    process.removeListener("SIGINT", interrupted).removeListener("SIGTERM", interrupted);
  });
  return { end, closed };
}
