import { readFileSync } from "node:fs";
import { type BudgetReport, judgeBudget } from "../budget/budget.js";
import { readAllowed } from "../budget/operator-list.js";
import type { Model } from "../ir/model.js";
import type { OptimizeReport } from "../library/optimize.js";
import { summarize } from "../library/summary.js";
import { sizeWhenWritten } from "../node/files.js";
import { guarded } from "../node/guarded.js";
import { STANDARD } from "../node/paths.js";
import type { OptimizeFileOptions } from "../options/optimize.js";
import type { Ratio } from "../profile/latency.js";
import type { CheckReport } from "../runtime/check-report.js";
import { externalPaths, sizeOf } from "./files.js";

/** What is known of a model beside its graph. */
export interface BudgetFacts {
  /** Bytes of its files. */
  readonly bytes: number;
  readonly check: CheckReport | undefined;
  readonly ratio: Ratio | undefined;
  readonly refusals?: OptimizeReport["refusals"];
}

/** Holds a model to what the options want of it; reads the files that they name. Throws NormfoldError "io" and "invalid". */
export function holdToBudget(
  model: Model,
  options: OptimizeFileOptions,
  { refusals = [], ...facts }: BudgetFacts,
): BudgetReport | undefined {
  const allowed = readAllowed(options.allowOperators ?? [], (file) =>
    guarded(file, "read", () => readFileSync(file, "utf8")),
  );
  const opsets = new Map(
    model.opsetImports.map(({ domain, version }) => [domain === "ai.onnx" ? "" : (domain ?? ""), version]),
  );
  return judgeBudget(options, { summary: summarize(model), opsets, refusals, allowed, ...facts });
}

/** The same for a result that is not written yet. */
export function budgetOf(
  model: Model,
  target: string,
  {
    report,
    options,
    ratio,
  }: {
    readonly report: OptimizeReport;
    readonly options: OptimizeFileOptions;
    readonly ratio: Ratio | undefined;
  },
): BudgetReport | undefined {
  const bytes = options.maxBytes === undefined ? 0 : plannedBytes(model, target, options);
  const { check, refusals } = report;
  return holdToBudget(model, options, { bytes, check, ratio, refusals });
}

/** Bytes that the result will take, data files included. */
export function plannedBytes(model: Model, target: string, { externalData }: OptimizeFileOptions): number {
  if (target === STANDARD) return sizeWhenWritten(model, "model.onnx", false).bytes;
  const { bytes, hasDataFile } = sizeWhenWritten(model, target, externalData);
  const kept = externalData === undefined && !hasDataFile ? externalPaths(target, model) : [];
  return bytes + sizeOf(kept);
}
