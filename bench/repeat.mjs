// npm run bench:profile: whether the figures of `normfold profile` repeat. Each model is profiled twice, in processes of their own
// with a pause between them; the difference of the two latencies is the figure. FOLDER for other models, ONLY=resnet for models
// with that in their path. Meant for an idle machine: another one is seen in the intervals.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { table } from "./measure.mjs";

const root = process.env.FOLDER ?? fileURLToPath(new URL("../models", import.meta.url));
const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const files = readdirSync(root, { recursive: true })
  .filter((name) => name.endsWith(".onnx") && name.includes(process.env.ONLY ?? ""))
  .sort();

/** One run of the command. */
function profile(file) {
  const { stdout } = spawnSync(process.execPath, [program, "profile", join(root, file), "--json"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const report = JSON.parse(stdout);
  if (report.error !== undefined) throw new Error(report.error.message);
  return report.models[0];
}

const rows = [];
for (const file of files) {
  try {
    const [first, second] = [profile(file), profile(file)];
    const [a, b] = [first.latency.run.median, second.latency.run.median];
    const certain = [first, second].map(
      ({ latency: { run } }) => (run.interval[1] - run.interval[0]) / (2 * run.median),
    );
    rows.push({ file, first, a, b, apart: Math.abs(a - b) / Math.min(a, b), certain: Math.max(...certain) });
  } catch (error) {
    console.error(`${file}: not measured: ${error.message.split("\n")[0]}`);
  }
  console.error(`${rows.length}: ${file}`);
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;
table(
  ["model", "multiply-adds", "executed", "first run", "second run", "apart", "interval"],
  rows.map(({ file, first, a, b, apart, certain }) => [
    file.replace(/(?:\/model)?\.onnx$/, ""),
    `${(first.count.multiplyAdds / 1e6).toFixed(1)} M`,
    first.executed?.nodes ?? "",
    `${a.toPrecision(3)} ms`,
    `${b.toPrecision(3)} ms`,
    percent(apart),
    `±${percent(certain)}`,
  ]),
);
const sorted = rows.map(({ apart }) => apart).sort((a, b) => a - b);
const within = sorted.filter((apart) => apart <= 0.05).length;
console.log(`
Apart: median ${percent(sorted[sorted.length >> 1])}, most ${percent(sorted.at(-1))}; within 5 % on ${within} of ${rows.length} models.`);
