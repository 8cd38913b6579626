// Whole processes, measured from outside: wall time, and peak memory as the process itself reports it at its end.
import { spawnSync } from "node:child_process";
import { rmSync, statSync } from "node:fs";

const MARK = "peak-memory-kib=";
const REPORTER = new URL("report-memory.mjs", import.meta.url).href;

/**
 * Runs a command once. `node: true` runs Node on the arguments and also gives its peak memory in MB, together with that of the
 * process that runs onnxruntime where the command says it (`--json`), as if both peaks came at once. The file that it
 * `writes` is removed first: replacing a file makes file systems flush the new one at once, and that is their time, not
 * the command's.
 */
export function runOnce({
  writes = [],
  command = process.execPath,
  args,
  node = command === process.execPath,
  allowFailure = false,
  timeout,
}) {
  for (const file of writes) rmSync(file, { force: true });
  const all = node ? ["--import", REPORTER, ...args] : args;
  const start = process.hrtime.bigint();
  const result = spawnSync(command, all, { encoding: "utf8", maxBuffer: 2 ** 28, timeout });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (result.status !== 0 && !allowFailure) {
    throw new Error(`${command} ${args.join(" ")} exited with ${result.status}: ${result.stderr}`);
  }
  const peak = result.stderr.lastIndexOf(MARK);
  const own = peak === -1 ? undefined : Number.parseInt(result.stderr.slice(peak + MARK.length), 10) / 1024;
  const megabytes = own === undefined ? undefined : own + runtimeMegabytes(args, result.stdout);
  return { seconds, megabytes, status: result.status, stdout: result.stdout };
}

/** The peak of the runtime's process, in the unit of the other one. */
function runtimeMegabytes(args, stdout) {
  if (!args.includes("--json") || !stdout.startsWith("{")) return 0;
  return (JSON.parse(stdout).runs?.[0]?.peakMemoryBytes?.onnxruntime ?? 0) / 2 ** 20;
}

/** Runs several commands in turn, A B C A B C ..., so that a machine that changes its speed treats all alike. */
export function interleave(commands, runs = 5) {
  const samples = commands.map(() => []);
  for (const command of commands) runOnce(command);
  for (let run = 0; run < runs; run++) {
    commands.forEach((command, i) => {
      samples[i].push(runOnce(command));
    });
  }
  return samples.map((list, i) => ({
    name: commands[i].name,
    seconds: median(list.map((sample) => sample.seconds)),
    megabytes: list[0].megabytes === undefined ? undefined : median(list.map((sample) => sample.megabytes)),
  }));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

export function megabytesOf(...files) {
  return files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;
}

/** Prints rows as a Markdown table. */
export function table(head, rows) {
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  console.log(
    [line(head), line(widths.map((width) => "-".repeat(width))), ...all.slice(1).map(line)].join("\n"),
  );
}
