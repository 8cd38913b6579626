// OpenCV's dnn module as a Runtime: a Python process reads the models, and is started again after one that crashed it.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { loadModel, NormfoldError } from "../../dist/src/index.js";

const PROGRAM = fileURLToPath(new URL("opencv.py", import.meta.url));
/** Debian's python3-opencv belongs to Debian's Python, which need not be the first one found. */
const PYTHONS = [process.env.PYTHON, "/usr/bin/python3", "python3"].filter((path) => path !== undefined);
/** Seconds for one answer. */
const LIMIT = 60;

/** undefined where no Python with OpenCV is found. */
export async function openCv() {
  for (const python of PYTHONS) {
    const child = new Child(python);
    const version = await child.start().catch(() => undefined);
    if (version !== undefined) return runtime(child, version);
  }
  return undefined;
}

function runtime(child, version) {
  const folder = mkdtempSync(join(tmpdir(), "normfold-opencv-"));
  let serial = 0;
  return {
    name: "OpenCV",
    version,
    async open(given) {
      const path = given.kind === "path" ? given.path : join(folder, `model-${serial++}.onnx`);
      if (given.kind === "bytes") writeFileSync(path, given.bytes);
      const { graph } = await loadModel(path);
      const fed = graph.inputs.filter(({ tensor }) => tensor === undefined);
      const [inputs, outputs] = [fed, graph.outputs].map((values) => values.map(portOf));
      await child.ask({ model: path });
      return {
        inputs,
        outputs,
        run: (feeds, wanted = outputs.map(({ name }) => name)) => run(child, path, folder, feeds, wanted),
        close: async () => {},
      };
    },
    close() {
      child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function portOf({ name, type }) {
  const tensor = type?.kind === "tensor";
  return { name, dtype: tensor ? type.dtype : undefined, shape: (tensor && type.shape) || [] };
}

async function run(child, path, folder, feeds, wanted) {
  const entries = [...feeds].map(([name, { dtype, dims, data }], index) => {
    if (dtype !== "float") throw new NormfoldError("unsupported", `OpenCV takes no ${dtype} input`);
    const file = join(folder, `input-${index}.bin`);
    writeFileSync(file, data);
    return [name, { dims, file }];
  });
  const request = { feeds: Object.fromEntries(entries), outputs: wanted, folder };
  // Another session may have been opened since.
  await child.ask({ model: path });
  const { outputs } = await child.ask(request);
  return new Map(
    Object.entries(outputs).map(([name, { dims, file }]) => [
      name,
      { dtype: "float", dims, data: new Uint8Array(readFileSync(file)) },
    ]),
  );
}

class Child {
  #python;
  #process;
  #model;
  #waiting;

  constructor(python) {
    this.#python = python;
  }

  /** Gives OpenCV's version. */
  async start() {
    const process = spawn(this.#python, [PROGRAM], { stdio: ["pipe", "pipe", "ignore"] });
    this.#process = process;
    this.#model = undefined;
    const answer = this.#next();
    process.once("error", (error) => this.#settle({ error: error.message }));
    process.once("exit", (code, signal) => {
      if (this.#process === process) this.#process = undefined;
      this.#settle({ error: `OpenCV's process ended with ${signal ?? code}` });
    });
    process.stdin.on("error", () => {});
    createInterface({ input: process.stdout }).on("line", (line) => this.#settle(JSON.parse(line)));
    return (await answer).version;
  }

  async ask(request) {
    if (request.model !== undefined && request.model === this.#model) return {};
    if (this.#process === undefined) await this.start();
    const answer = this.#next();
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const reply = await answer;
    if (request.model !== undefined) this.#model = request.model;
    return reply;
  }

  stop() {
    this.#process?.kill("SIGKILL");
  }

  #next() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#process?.kill("SIGKILL"), LIMIT * 1000);
      this.#waiting = (reply) => {
        clearTimeout(timer);
        if (reply.error === undefined) resolve(reply);
        else reject(new NormfoldError("unsupported", reply.error));
      };
    });
  }

  #settle(reply) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(reply);
  }
}
