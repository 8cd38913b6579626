import { appendFileSync, writeFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { visibleJson } from "../base/visible.js";
import type { ErrorDocument, ErrorRecord } from "../contract/documents.js";
import { guarded } from "../node/guarded.js";
import { assertWritable } from "../node/paths.js";
import type { Style } from "../report/style.js";
import { casesOf, type ReportedDocument } from "../reporters/case.js";
import { githubText } from "../reporters/github.js";
import { junitText } from "../reporters/junit.js";
import { markdownText } from "../reporters/markdown.js";
import { errors } from "./errors.js";
import { type Channel, errorDocumentOf, plainStyle, styleFor, write } from "./output.js";

const NAMES = ["text", "json", "github", "junit", "markdown"] as const;

/** A way of saying what a command did, and the file that says it; undefined: standard output. */
interface Reporter {
  readonly name: (typeof NAMES)[number];
  readonly file: string | undefined;
}

/** What a command prints, and where. */
export interface Reporting {
  /** Some reporter asks for the document. */
  readonly needsDocument: boolean;
  /** Some reporter is the text. */
  readonly hasText: boolean;
  /** The document, or something made of it alone, goes to standard output. */
  readonly takesStdout: boolean;
  readonly reporters: readonly Reporter[];
}

/** The flags that say what is printed. */
export interface ReportingFlags {
  readonly reporter?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The reporters that a command line asks for. Throws "usage" for one that there is not, and for two in one place. */
export function reportingOf({ reporter, json = false, quiet = false }: ReportingFlags): Reporting {
  const named = (reporter ?? []).map(parseReporter);
  const byDefault = reporter === undefined && !json ? [{ name: "text", file: undefined } as const] : [];
  const all: readonly Reporter[] = [
    ...named,
    ...(json ? [{ name: "json", file: undefined } as const] : []),
    ...byDefault,
  ];
  const reporters = all.filter(({ name, file }) => name !== "text" || file !== undefined || !quiet);
  // A log holds annotations among other lines; anything else is read as a whole.
  const onStdout = reporters.filter(({ file }) => file === undefined);
  const whole = onStdout.filter(({ name }) => name !== "github" && name !== "text");
  const [first] = whole;
  if (first !== undefined && onStdout.length > 1) throw errors.reportersShareStdout(first.name);
  const files = reporters.flatMap(({ file }) => file ?? []);
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice !== undefined) throw errors.outputsAreOneFile(twice);
  return {
    needsDocument: reporters.some(({ name }) => name !== "text"),
    hasText: reporters.some(({ name }) => name === "text"),
    takesStdout: onStdout.some(({ name }) => name !== "text"),
    reporters,
  };
}

function parseReporter(text: string): Reporter {
  const at = text.indexOf("=");
  const [word, file] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const name = NAMES.find((each) => each === word);
  if (name === undefined || file === "") throw errors.reporterIsUnknown(text, NAMES);
  return { name, file };
}

/** Finds out before the work whether the files can be written. */
export function assertReportsWritable({ reporters }: Reporting): readonly string[] {
  const files = reporters.flatMap(({ file }) => file ?? []);
  for (const file of files) assertWritable(file);
  return files;
}

/** Says what a command did, by all reporters but the text. */
export async function sendDocument(
  reporting: Reporting,
  document: Exclude<ReportedDocument, ErrorDocument>,
): Promise<void> {
  await send(reporting, document, document.command);
}

/** Says by all reporters but the text why a command failed. */
export async function sendError(
  reporting: Reporting,
  command: string | undefined,
  error: ErrorRecord,
): Promise<void> {
  await send(reporting, errorDocumentOf(command, error), command ?? "");
}

async function send({ reporters }: Reporting, document: ReportedDocument, command: string): Promise<void> {
  for (const { name, file } of reporters) {
    const text = reportText(name, document, command);
    if (text === undefined) continue;
    if (file === undefined) await write(text);
    else guarded(file, "write", () => writeFileSync(file, text));
    if (name === "github") appendSummary(document, command);
  }
}

function reportText(name: Reporter["name"], document: ReportedDocument, command: string): string | undefined {
  switch (name) {
    case "text":
      return undefined;
    case "json":
      return `${visibleJson(document, 2)}\n`;
    case "github":
      return githubText(casesOf(document), placeInWorkspace);
    case "junit":
      return junitText(casesOf(document), command);
    case "markdown":
      return markdownText(casesOf(document), command);
  }
}

/** A step may run in a folder below the one that holds the repository. */
function placeInWorkspace(file: string): string {
  const { GITHUB_WORKSPACE: workspace } = process.env;
  return workspace ? relative(workspace, resolve(file)).split(sep).join("/") : file;
}

/** The page of a workflow's run shows what is in this file. */
function appendSummary(document: ReportedDocument, command: string): void {
  const { GITHUB_STEP_SUMMARY: file } = process.env;
  if (file)
    guarded(file, "write", () => appendFileSync(file, `${markdownText(casesOf(document), command)}\n`));
}

/** Says it as text, where that is asked for. */
export async function sendText(
  { reporters }: Reporting,
  channel: Channel,
  render: (style: Style) => string,
): Promise<void> {
  for (const { name, file } of reporters) {
    if (name !== "text") continue;
    if (file === undefined) await write(render(styleFor(channel)), channel);
    else guarded(file, "write", () => writeFileSync(file, render(plainStyle())));
  }
}

/** The reporters in a command line that failed, maybe before it was understood; what makes no sense is left out. */
export function reportingIn(argv: readonly string[]): Reporting {
  const values = argv.flatMap((word, index) => {
    if (word.startsWith("--reporter=")) return word.slice("--reporter=".length).split(",");
    return argv[index - 1] === "--reporter" ? word.split(",") : [];
  });
  const known = values.filter((value) =>
    NAMES.some((name) => value === name || value.startsWith(`${name}=`)),
  );
  const json = argv.includes("--json");
  try {
    return reportingOf({ json, ...(known.length === 0 ? {} : { reporter: known }) });
  } catch {
    return reportingOf({ json });
  }
}
