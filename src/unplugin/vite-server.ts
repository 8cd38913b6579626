import { createReadStream, existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { basename } from "node:path";

/** The part of an address by which the development server knows a model of ours. */
const PREFIX = "@normfold/";

/** The models that a development server serves, which has no assets. */
export class ServedModels {
  readonly #files = new Map<string, string>();
  readonly #base: string;

  /** `base` is the server's own path, "/" or "/app/". */
  constructor(base: string) {
    this.#base = base;
  }

  /** Serves a file from now on, and gives its address. The name is the model's; what is before it changes with its content. */
  add(path: string, file: string): string {
    const address = `${this.#base}${PREFIX}${basename(file).slice(0, 8)}/${encodeURIComponent(basename(path))}`;
    this.#files.set(address, file);
    return address;
  }

  /** Answers requests for its models, and passes on others. */
  readonly answer = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const [address = ""] = (request.url ?? "").split("?", 1);
    const file = this.#files.get(address);
    if (file === undefined || !existsSync(file)) {
      next();
      return;
    }
    response.setHeader("Content-Type", "application/octet-stream");
    response.setHeader("Cache-Control", "no-cache");
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
  };
}
