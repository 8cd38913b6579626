import type { BudgetReport } from "../budget/budget.js";
import type {
  CheckDocument,
  DiffDocument,
  ErrorDocument,
  ErrorRecord,
  OptimizeDocument,
  OptimizedRecord,
  OptimizeRecord,
} from "../contract/documents.js";
import { budgetWords } from "../report/budget-text.js";
import { bytesText, differenceText } from "../report/units.js";
import type { CheckReport } from "../runtime/check-report.js";

/** A document that reporters know. */
export type ReportedDocument = OptimizeDocument | CheckDocument | DiffDocument | ErrorDocument;

/** Something that a reader of a pipeline's log should see. */
export interface Finding {
  /** error: why the case failed. */
  readonly severity: "error" | "warning";
  /** A few words; of an error its id. */
  readonly title: string;
  readonly message: string;
}

/** A model and what became of it, as the reporters of test results have it. */
export interface Case {
  /** The model, or the two of a comparison. */
  readonly name: string;
  /** The file that it is about; undefined for a stream, and where no file is known. */
  readonly file: string | undefined;
  /** failed: the model is not what it was to be. error: the work could not be done. */
  readonly status: "passed" | "failed" | "error";
  readonly seconds: number;
  readonly findings: readonly Finding[];
  /** What was found, by its name. */
  readonly figures: readonly (readonly [name: string, text: string])[];
}

/** The cases of a document. */
export function casesOf(document: ReportedDocument): readonly Case[] {
  if ("error" in document) return [errorCase(document.error, document.error.file ?? "normfold")];
  switch (document.command) {
    case "optimize":
      return document.runs.map(optimizeCase);
    case "check":
      return [checkCase(document)];
    case "diff":
      return [diffCase(document)];
  }
}

function errorCase(error: ErrorRecord, name: string): Case {
  const { code, id, message, element } = error;
  const place = element === undefined ? "" : `${element}: `;
  return {
    name,
    file: fileOf(error.file ?? (name === "normfold" ? undefined : name)),
    status: code === "check" ? "failed" : "error",
    seconds: 0,
    findings: [{ severity: "error", title: id, message: place + message }],
    figures: [],
  };
}

/** Streams have names, but are no files. */
function fileOf(path: string | undefined): string | undefined {
  return path === "standard input" || path === "standard output" ? undefined : path;
}

function optimizeCase(run: OptimizeRecord): Case {
  if (run.status === "failed") return errorCase({ file: run.input.path, ...run.error }, run.input.path);
  const { input, report, budget } = run;
  return {
    name: input.path,
    file: fileOf(input.path),
    status: run.status === "missed" ? "failed" : "passed",
    seconds: secondsOf(run.secondsByStage),
    findings: [...budgetFindings(budget), ...warnings(run)],
    figures: [
      ["nodes", `${report.before.nodes} -> ${report.after.nodes}`],
      ["file size", sizesText(run)],
      ["check", report.check === undefined ? "none" : checkText(report.check)],
    ],
  };
}

function sizesText({ input, output }: OptimizedRecord): string {
  const after = output === undefined ? "not written" : bytesText(output.bytes);
  return `${bytesText(input.bytes)} -> ${after}`;
}

function warnings({ report }: OptimizedRecord): readonly Finding[] {
  const undone = report.rolledBack.map(({ pass, summary, reason }): Finding => {
    return { severity: "warning", title: `undone: ${pass}`, message: `${summary}: ${reason}` };
  });
  const unchecked: Finding = {
    severity: "warning",
    title: "unchecked",
    message: "the outputs were not compared with the original's (--no-check)",
  };
  return report.check === undefined ? [...undone, unchecked] : undone;
}

function checkCase({ original, result, check, budget, secondsByStage }: CheckDocument): Case {
  const reason = check.reason ?? "no reason is known";
  const verdict: readonly Finding[] =
    check.status === "equal" ? [] : [{ severity: "error", title: check.status, message: reason }];
  const isMet = budget?.met !== false;
  return {
    name: `${original.path} vs ${result.path}`,
    file: fileOf(result.path),
    status: check.status === "unchecked" ? "error" : check.status === "equal" && isMet ? "passed" : "failed",
    seconds: secondsOf(secondsByStage),
    findings: [...verdict, ...budgetFindings(budget)],
    figures: [["check", checkText(check)]],
  };
}

function checkText({ status, sets }: CheckReport): string {
  const differences = sets.flatMap(({ outputs }) => outputs.map(({ comparison }) => comparison.maxAbsolute));
  return differences.length === 0 ? status : `${status}, ${differenceText(Math.max(...differences))}`;
}

function diffCase({ before, after, diff }: DiffDocument): Case {
  const { nodes, weights } = diff;
  const count = (kind: Pick<typeof nodes | typeof weights, "changed" | "removed" | "added">): string =>
    `${kind.changed.length} changed, ${kind.removed.length} removed, ${kind.added.length} added`;
  const texts = (["fields", "opsets", "metadata", "inputs", "outputs"] as const).flatMap((part) =>
    diff[part].map(({ name, before: from = "none", after: to = "none" }): Finding => {
      return { severity: "error", title: part, message: `${name}: ${from} -> ${to}` };
    }),
  );
  const operators = diff.operators.map(({ operator, before: from, after: to }): Finding => {
    return { severity: "error", title: "operators", message: `${operator}: ${from} -> ${to}` };
  });
  const counted: readonly Finding[] = [
    { severity: "error", title: "nodes", message: count(nodes) },
    { severity: "error", title: "weights", message: count(weights) },
  ];
  const other: readonly Finding[] =
    diff.other === undefined ? [] : [{ severity: "error", title: "other", message: diff.other }];
  return {
    name: `${before.path} vs ${after.path}`,
    file: fileOf(after.path),
    status: diff.same ? "passed" : "failed",
    seconds: 0,
    findings: diff.same ? [] : [...texts, ...operators, ...counted, ...other],
    figures: [
      ["nodes", `${nodes.same} same, ${count(nodes)}`],
      ["weights", `${weights.same} same, ${count(weights)}`],
    ],
  };
}

function budgetFindings(budget: BudgetReport | undefined): readonly Finding[] {
  const missed = (budget?.rows ?? []).filter((row) => !row.met);
  return missed.map((row) => {
    const { budget: what, wanted, got } = budgetWords(row);
    return { severity: "error", title: "budget", message: `${what}: wanted ${wanted}, got ${got}` };
  });
}

function secondsOf(secondsByStage: Readonly<Record<string, number>>): number {
  return Object.values(secondsByStage).reduce((sum, seconds) => sum + seconds, 0);
}
