import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Results that nobody has asked for in so many days are removed. */
const KEPT_DAYS = 30;

const manifest: { readonly version: string } = createRequire(import.meta.url)("normfold/package.json");

/** A folder of optimized models by the content that they were made of. */
export class Cache {
  readonly #folder: string;
  #isSwept = false;

  constructor(folder: string | undefined) {
    this.#folder = resolve(folder ?? defaultFolder());
  }

  /** Stands for files, options and this version. */
  async key(files: readonly string[], options: object): Promise<string> {
    const hash = createHash("sha256").update(`${manifest.version}\n${JSON.stringify(options)}\n`);
    for (const file of files) {
      // Its size parts each file from the next one.
      hash.update(`${statSync(file).size}\n`);
      for await (const bytes of createReadStream(file)) hash.update(bytes);
    }
    return hash.digest("hex").slice(0, 32);
  }

  /** The file of a key, which need not be there, in a folder that is. */
  file(key: string): string {
    mkdirSync(this.#folder, { recursive: true });
    this.#sweep();
    return join(this.#folder, `${key}.onnx`);
  }

  /** Whether a result is there; if so, it counts as new. */
  touch(file: string): boolean {
    if (!existsSync(file)) return false;
    utimesSync(file, new Date(), new Date());
    return true;
  }

  #sweep(): void {
    if (this.#isSwept) return;
    this.#isSwept = true;
    const oldest = Date.now() - KEPT_DAYS * 86_400_000;
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      if (/^[0-9a-f]{32}\.onnx$/.test(name) && statSync(path).mtimeMs < oldest) rmSync(path, { force: true });
    }
  }
}

/** Where tools keep what they can make again. */
function defaultFolder(): string {
  return existsSync("node_modules") ? "node_modules/.cache/normfold" : join(tmpdir(), "normfold-cache");
}
