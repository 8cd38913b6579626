// One build in a process of its own, which is started again after a job that crashed it or took too long.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));

export class BuildProcess {
  #checkout;
  #child;

  constructor(checkout) {
    this.#checkout = checkout;
  }

  /** The digest that the child gives, or an outcome "crashed" or "timed out". */
  async run(job) {
    if (this.#child === undefined || hasEnded(this.#child)) this.#child = await start(this.#checkout);
    return answer(this.#child, job);
  }

  stop() {
    this.#child?.kill("SIGKILL");
  }
}

function hasEnded({ exitCode, signalCode, killed }) {
  return killed || exitCode !== null || signalCode !== null;
}

/** Throws when the build itself cannot be loaded, whatever the model. */
function start(checkout) {
  const child = fork(CHILD, [checkout], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let errors = "";
  child.stderr.on("data", (text) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`the build in ${checkout} does not load:\n${errors}`));
    child.once("exit", fail);
    child.once("message", () => {
      child.off("exit", fail);
      resolve(child);
    });
  });
}

function answer(child, job) {
  return new Promise((resolve) => {
    const end = (result) => {
      clearTimeout(timer);
      child.off("message", end);
      child.off("exit", crash);
      resolve(result);
    };
    const crash = (code, signal) => end({ outcome: `crashed, ${signal ?? `exit code ${code}`}` });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      end({ outcome: "timed out" });
    }, job.seconds * 1000);
    child.on("message", end);
    child.on("exit", crash);
    // Where the child is gone already, "exit" says so.
    child.send(job, () => {});
  });
}
