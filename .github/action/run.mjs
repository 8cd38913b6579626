// The step of action.yml: optimizes the models of a workspace, and says what came of it in the ways that GitHub shows: annotations,
// the summary of the job, outputs. It needs Node and npm, which GitHub's runners have, and nothing else.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

const { env } = process;
const workspace = env.GITHUB_WORKSPACE ?? process.cwd();
const cwd = resolve(workspace, env.INPUT_WORKING_DIRECTORY || ".");
const scratch = mkdtempSync(join(env.RUNNER_TEMP ?? tmpdir(), "normfold-"));

/** The words of an input, one a line. */
function lines(name) {
  const all = (env[name] ?? "").split("\n").map((line) => line.trim());
  return all.filter((line) => line !== "" && !line.startsWith("#"));
}

/** The program of the command: the workspace's own version, which its lock file holds, or one that is installed now. */
function programOf(folder) {
  const manifest = join(folder, "node_modules/normfold/package.json");
  if (!existsSync(manifest)) return undefined;
  return join(folder, "node_modules/normfold", JSON.parse(readFileSync(manifest, "utf8")).bin.normfold);
}

function install(version) {
  const what = /^[\w.^~-]+$/.test(version) ? `normfold@${version}` : version;
  const args = ["install", "--prefix", scratch, "--no-audit", "--no-fund", "--loglevel=error", "--", what];
  const { status } = spawnSync(process.platform === "win32" ? "npm.cmd" : "npm", args, {
    cwd: scratch,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
    // onnxruntime's install script downloads a CUDA build that is not used.
    env: { ...env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
  return status === 0 ? programOf(scratch) : undefined;
}

/** A line that GitHub reads; its texts may hold anything. */
function annotate(kind, message, file) {
  const data = (text) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  const place = file === undefined ? "" : ` file=${property(file)}`;
  console.log(`::${kind}${place}::${data(message)}`);
}

function output(name, value) {
  if (env.GITHUB_OUTPUT) appendFileSync(env.GITHUB_OUTPUT, `${name}=${value}\n`);
}

/** A text as a cell of a table in Markdown. */
function cell(text) {
  return String(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/[\\|`*_[\]]/g, "\\$&")
    .replace(/\s+/g, " ");
}

function bytes(count) {
  const units = ["B", "kB", "MB", "GB"];
  let [value, unit] = [count, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

function row({ input, output: result, report, error }) {
  if (report === undefined) return `| ${cell(input.path)} | | | ${cell(error.message)} |`;
  const { before, after, check, rolledBack } = report;
  const said = [check?.status ?? "not checked", ...(rolledBack.length > 0 ? [undone(rolledBack)] : [])];
  const sizes = `${bytes(input.bytes)} → ${bytes(result.bytes)}`;
  return `| ${cell(input.path)} | ${before.nodes} → ${after.nodes} | ${sizes} | ${cell(said.join(", "))} |`;
}

function undone({ length }) {
  return `${length} ${length === 1 ? "rewrite" : "rewrites"} undone`;
}

function summarize({ runs, summary }) {
  const { nodes, bytes: size } = summary;
  const sizes = `nodes ${nodes.before} → ${nodes.after}, ${bytes(size.before)} → ${bytes(size.after)}`;
  const text = [
    "### normfold",
    "",
    "| model | nodes | file size | result |",
    "|---|---|---|---|",
    ...runs.map(row),
    "",
    `${summary.models} models, ${summary.optimized} optimized, ${summary.failed} failed; ${sizes}`,
    "",
  ].join("\n");
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, text);
}

function report(document) {
  const inWorkspace = (file) => relative(workspace, resolve(cwd, file));
  for (const { input, error, report: account } of document.runs) {
    if (error !== undefined) annotate("error", error.message, inWorkspace(input.path));
    const { rolledBack = [] } = account ?? {};
    if (rolledBack.length > 0) {
      const advice = '"normfold reduce" makes a small model of it for a report';
      annotate(
        "warning",
        `${undone(rolledBack)}: ${rolledBack[0].reason}; ${advice}`,
        inWorkspace(input.path),
      );
    }
  }
  summarize(document);
  const { summary } = document;
  for (const name of ["models", "optimized", "failed"]) output(name, summary[name]);
  for (const name of ["nodes", "bytes"]) {
    output(`${name}-before`, summary[name].before);
    output(`${name}-after`, summary[name].after);
  }
}

const program = programOf(cwd) ?? programOf(workspace) ?? install(env.INPUT_VERSION || "latest");
if (program === undefined) {
  annotate("error", "normfold cannot be installed; see the lines above");
  process.exit(1);
}
const args = ["optimize", ...lines("INPUT_MODELS"), "--out-dir", env.INPUT_OUT_DIR || "optimized"];
const { status, stdout } = spawnSync(process.execPath, [program, ...args, ...lines("INPUT_ARGS"), "--json"], {
  cwd,
  encoding: "utf8",
  maxBuffer: 2 ** 30,
  stdio: ["ignore", "pipe", "inherit"],
});
const file = join(scratch, "report.json");
writeFileSync(file, stdout);
output("report", file);
const document = JSON.parse(stdout);
// A call that makes no sense has no runs.
if (document.runs === undefined) annotate("error", document.error?.message ?? "normfold gave no report");
else report(document);
process.exitCode = status ?? 1;
