import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Ended {
  /** The exit code, or the signal that ended the process. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

const SCRIPT = fileURLToPath(new URL("commands.mjs", import.meta.url));

/** Runs commands in one process after another: a process serves until it dies, or until a command takes too long. */
export class CommandRunner {
  readonly #env: NodeJS.ProcessEnv;
  /** What the commands write goes to files, which hold all of it when the answer comes. */
  readonly #files: Readonly<Record<"stdout" | "stderr", string>>;
  #child: ChildProcess | undefined;

  /** `folder` holds what the commands write. */
  constructor(env: NodeJS.ProcessEnv, folder: string) {
    this.#env = env;
    this.#files = { stdout: join(folder, "stdout"), stderr: join(folder, "stderr") };
  }

  /** Runs one command; "timeout" is its code where it has not ended after `limit` milliseconds. */
  async run(folder: string, args: readonly string[], limit: number): Promise<Ended> {
    const child = this.#child ?? (await this.#start());
    const { stdout, stderr } = this.#files;
    for (const file of [stdout, stderr]) truncateSync(file);
    return new Promise((resolve) => {
      const end = (code: Ended["code"]): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve({ code, stdout: readFileSync(stdout, "latin1"), stderr: readFileSync(stderr, "latin1") });
      };
      const timer = setTimeout(() => {
        this.close();
        end("timeout");
      }, limit);
      child.once("message", (code: number) => end(code));
      child.once("exit", (code, signal) => {
        this.#child = undefined;
        end(signal ?? code ?? "gone");
      });
      child.send({ folder, args });
    });
  }

  close(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #start(): Promise<ChildProcess> {
    const [stdout, stderr] = [this.#files.stdout, this.#files.stderr].map((file) => openSync(file, "a"));
    const child = fork(SCRIPT, [], { env: this.#env, stdio: ["ignore", stdout, stderr, "ipc"] });
    for (const file of [stdout, stderr]) if (file !== undefined) closeSync(file);
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("exit", (code) =>
        reject(new Error(`the commands did not start: ${code}; run npm run build first`)),
      );
    });
    child.removeAllListeners();
    this.#child = child;
    return child;
  }
}
