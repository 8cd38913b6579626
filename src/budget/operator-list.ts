import { matchesGlob } from "../base/glob.js";
import { isStandardOperator, OPERATORS } from "../ops/catalogue.js";
import { errors } from "./errors.js";

/** An operator that may be there. */
export interface AllowedOperator {
  /** "Conv", "domain::Type" outside the standard domain; `*` stands for any text. */
  readonly pattern: string;
  /** Versions of its operator set of which the kernel is there; undefined: of all. */
  readonly opsets?: readonly number[];
}

/** What `allowOperators` lists: names, and "@file" for the lists in files. `read` gives the text of a file. */
export function readAllowed(
  entries: readonly string[],
  read: (file: string) => string,
): readonly AllowedOperator[] {
  return entries.flatMap((entry) => {
    if (!entry.startsWith("@")) return [{ pattern: entry }];
    const file = entry.slice(1);
    return parseList(read(file), file);
  });
}

/**
 * A list of operators: names, one a line, or lines "domain;opsets;names" as onnxruntime's reduced builds have them. What stands
 * behind "#" is a comment. Lines that begin with "!" concern types, and say nothing about operators.
 */
export function parseList(text: string, file: string): readonly AllowedOperator[] {
  return text.split("\n").flatMap((line, index): readonly AllowedOperator[] => {
    const [content = ""] = line.split("#");
    const trimmed = content.trim();
    if (trimmed === "" || trimmed.startsWith("!")) return [];
    if (!trimmed.includes(";")) return [{ pattern: trimmed.replace(/^ai\.onnx::/, "") }];
    const [domain = "", versions = "", ...names] = trimmed.split(";");
    const opsets = versions.split(",").map(Number);
    if (names.length === 0 || !opsets.every(Number.isInteger))
      throw errors.operatorLineIsWrong(trimmed).at({ file, element: `line ${index + 1}` });
    const prefix = ["", "ai.onnx"].includes(domain.trim()) ? "" : `${domain.trim()}::`;
    // "Add{"inputs": ...}" names the types that the kernel takes.
    const operators = names
      .join(";")
      .replaceAll(/\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, "")
      .split(",");
    return operators.map((name) => ({ pattern: prefix + name.trim(), opsets }));
  });
}

/** Whether a model of these operator sets may have the operator. */
export function isAllowed(
  operator: string,
  {
    allowed,
    opsets,
  }: { readonly allowed: readonly AllowedOperator[]; readonly opsets: ReadonlyMap<string, number> },
): boolean {
  const domain = operator.includes("::") ? operator.slice(0, operator.indexOf("::")) : "";
  const version = opsets.get(domain);
  return allowed.some(
    (entry) =>
      matchesGlob(entry.pattern, operator) &&
      (entry.opsets === undefined ||
        version === undefined ||
        entry.opsets.some((other) => kernelVersion(operator, other) === kernelVersion(operator, version))),
  );
}

/** The version of the operator in an operator set: a kernel serves all sets up to the next change. */
function kernelVersion(operator: string, opset: number): number {
  const since = isStandardOperator(operator) ? OPERATORS[operator].since : [opset];
  return Math.max(...since.filter((version) => version <= opset), 0);
}
