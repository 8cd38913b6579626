import { type ChildProcess, fork } from "node:child_process";
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
  #child: ChildProcess | undefined;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** Runs one command; "timeout" is its code where it has not ended after `limit` milliseconds. */
  async run(folder: string, args: readonly string[], limit: number): Promise<Ended> {
    const child = this.#child ?? (await this.#start());
    return new Promise((resolve) => {
      const end = (ended: Ended): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(ended);
      };
      const timer = setTimeout(() => {
        this.close();
        end({ code: "timeout", stdout: "", stderr: "" });
      }, limit);
      child.once("message", (ended: Ended) => end(ended));
      child.once("exit", (code, signal) => {
        this.#child = undefined;
        end({ code: signal ?? code ?? "gone", stdout: "", stderr: "" });
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
    const child = fork(SCRIPT, [], { env: this.#env, stdio: "ignore" });
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
