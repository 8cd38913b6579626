// npm run docs:api: the reference of the doors from their doc comments, one page an export, in docs/api/ (not committed).
// With --check nothing is written, and an export or member without a comment is an error; test/docs.test.ts asks for that.
//
// api-extractor reads the declarations that tsc wrote, with a TypeScript of its own: TypeScript 7 has no compiler API
// for JavaScript.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const root = fileURLToPath(new URL("..", import.meta.url));
const isCheck = process.argv.includes("--check");
/** The doors, by the folder of their pages. */
const DOORS = {
  normfold: "index",
  "normfold-train": "train",
  "normfold-documents": "contract/documents",
};
/** Ignored: types in signatures that are not exported get pages too, and nothing has a release tag. */
const IGNORED = ["ae-missing-release-tag", "ae-forgotten-export", "ae-unresolved-link"];

const folder = mkdtempSync(join(tmpdir(), "normfold-api-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function configOf(name, door) {
  const declarations = join(root, `dist/src/${door}.d.ts`);
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarations,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "es2023",
            lib: ["es2023"],
            module: "nodenext",
            types: ["node"],
            strict: true,
            skipLibCheck: true,
          },
          files: [declarations],
        },
      },
      // api-extractor notices missing comments only when it writes a report. The report itself is not used.
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(folder, "report"),
        reportTempFolder: join(folder, "temporary"),
        includeForgottenExports: true,
      },
      docModel: {
        enabled: true,
        apiJsonFilePath: join(folder, name, "normfold.api.json"),
        includeForgottenExports: true,
      },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        compilerMessageReporting: { default: { logLevel: "warning" } },
        extractorMessageReporting: { default: { logLevel: "warning" } },
        tsdocMessageReporting: { default: { logLevel: "warning" } },
      },
    },
  });
}

/** Reads one door, and gives the faults of its comments, one line each. */
function extract(name, door) {
  const problems = [];
  for (const part of [name, "report"]) mkdirSync(join(folder, part), { recursive: true });
  Extractor.invoke(configOf(name, door), {
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      const { messageId, text, sourceFilePath, sourceFileLine, logLevel } = message;
      if (messageId.startsWith("console-") && logLevel !== "error") return;
      if (IGNORED.includes(messageId)) return;
      const place = sourceFilePath === undefined ? "" : `${sourceFilePath}:${sourceFileLine}: `;
      problems.push(`${place.replace(root, "")}${text} (${messageId})`);
    },
  });
  return problems;
}

const problems = new Set(Object.entries(DOORS).flatMap(([name, door]) => extract(name, door)));
for (const problem of [...problems].sort()) console.error(problem);
if (problems.size > 0) process.exitCode = 1;

if (!isCheck) {
  const documenter = join(root, "node_modules/@microsoft/api-documenter/bin/api-documenter");
  for (const name of Object.keys(DOORS)) {
    const out = join(root, "docs/api", name);
    rmSync(out, { recursive: true, force: true });
    const args = [documenter, "markdown", "--input-folder", join(folder, name), "--output-folder", out];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) {
      console.error(stdout + stderr);
      process.exitCode = 1;
    }
    console.log(`${out}/index.md`);
  }
}
