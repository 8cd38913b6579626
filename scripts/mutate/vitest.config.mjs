// The tests of a plan, on sources in which every guard can be switched off. scripts/mutate.mjs starts it.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { instrument } from "./guards.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { sources, files, workers } = JSON.parse(readFileSync(process.env.NORMFOLD_MUTATE_PLAN, "utf8"));

export default defineConfig({
  root,
  plugins: [
    {
      name: "switches",
      enforce: "pre",
      transform(code, id) {
        const source = sources[relative(root, id)];
        if (source?.guards.some(({ start, end, raw }) => code.slice(start, end) !== raw))
          throw new Error(`${id} has changed since the run began`);
        return source && { code: instrument(code, source.guards, source.first), map: null };
      },
    },
  ],
  test: {
    include: files,
    runner: fileURLToPath(new URL("runner.mjs", import.meta.url)),
    // What hangs is ended from outside, because a loop without end also keeps a timer from firing.
    testTimeout: 0,
    hookTimeout: 0,
    maxWorkers: workers,
    reporters: ["dot"],
  },
});
