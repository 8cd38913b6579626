// docs/operators.md: the declaration and the rules of each operator of the standard domain.
import { readFileSync } from "node:fs";
import { FACETS, operatorCoverage } from "../../dist/src/ops/coverage.js";
import { GENERATED, list, page, paragraph, span, table } from "./markdown.mjs";

const MARKS = { given: "yes", opaque: "·", missing: "-", untold: "?" };
const HEADS = { inference: "types" };
/** The names of the facets of an affine map, in the order of their words in the table. */
const AFFINE = {
  lift: "lift",
  absorbUp: "absorb up",
  passUp: "pass up",
  absorbDown: "absorb down",
  passDown: "pass down",
};
const TRAITS_FILE = new URL("../../src/rules/operator.ts", import.meta.url);

export function operatorsPage() {
  const rows = operatorCoverage();
  return page(
    "# Operators",
    GENERATED,
    paragraph(
      `What normfold knows of the ${rows.length} operators of ONNX's standard domain. Each is declared once, in the \`operators.ts\` of its ` +
        "family under [src/ops](../src/ops), and has a row in each facet's table there. `normfold passes --operator Conv` prints one; " +
        "[CONTRIBUTING.md](../CONTRIBUTING.md#an-operator) says how to add one.",
    ),
    list([
      "**since**: the opsets that introduced and changed it; after one with a star a node means something else, and `--opset` rewrites it",
      "**types**: types and shapes of its outputs are inferred",
      "**layout**: a Transpose moves through it",
      "**affine**: a scale and shift per channel: it is one (lift), takes one of its output or an input into its constants (absorb up, " +
        "absorb down), or lets one through (pass up, pass down)",
      "**gradient**: its gradient can be written; 0: no gradient goes through it",
      "**reference**: it is evaluated in float64",
      "**operands**: it runs only on some values of an input, which generated inputs keep to",
      "yes: there is a rule; ·: none on purpose, there is nothing to know; -: none is written. [Below](#no-rule-on-purpose) are the reasons",
    ]),
    table(
      ["operator", "since", "inputs", "outputs", ...FACETS.map((facet) => HEADS[facet] ?? facet)],
      rows.map(row),
    ),
    "## Traits",
    paragraph(
      "What is true of an operator whatever its inputs and attributes are; passes ask for these, and never for lists of names.",
    ),
    traits(rows),
    "## Further facts",
    paragraph(
      "Numbers and inputs that passes, training and the check ask for. Inputs are given by position, from 0.",
    ),
    list([
      "**neutral**: the second operand that leaves the first as it is; of a commutative operator, also the first that leaves the second",
      "**steepest**: the most that a result moves where its input moves by one",
      "**trained**: parameters of a layer, even with one element",
      "**biases**: weight decay does not apply to them, even if they have several axes",
      "**fixed**: bounds, sizes and statistics, which training leaves alone",
      "**gates**: of one direction of a recurrent layer",
      "**zero by default**: zeros where they are left out",
    ]),
    facts(rows),
    "## No rule on purpose",
    gaps(rows, "opaque"),
    "## No rule yet",
    gaps(rows, "missing"),
  );
}

function row({ operator, since, breaking = [], inputs, outputs = 1, experimental, facets }) {
  const versions = since.map((version) => (breaking.includes(version) ? `${version}*` : version));
  return [
    operator,
    experimental ? "no opset" : versions.join(", "),
    arity(inputs),
    arity(outputs),
    ...FACETS.map((facet) => mark(facets[facet])),
  ];
}

function mark({ kind, detail }) {
  if (kind !== "given") return MARKS[kind];
  if (detail === "zero") return "0";
  if (detail === undefined || detail === "rule") return MARKS.given;
  return Object.entries(AFFINE)
    .flatMap(([name, words]) => (detail.split(", ").includes(name) ? [words] : []))
    .join(", ");
}

function arity(arity) {
  if (typeof arity === "number") return arity;
  const [least, most] = arity;
  return most === "variadic" ? `${least} or more` : `${least} to ${most}`;
}

/** Each trait with the comment on it, and the operators that have it. */
function traits(rows) {
  const source = readFileSync(TRAITS_FILE, "utf8");
  const start = source.indexOf("export type Trait =");
  const union = source.slice(start, source.indexOf(";\n", start));
  return [...union.matchAll(/\/\*\* (.*?) \*\/\s*\| "(\w+)"/gs)].map(([, comment, trait]) => {
    const names = rows.filter(({ traits = [] }) => traits.includes(trait)).map(({ operator }) => operator);
    return [`### ${trait}`, paragraph(sentence(comment)), paragraph(names.join(", "))];
  });
}

/** The operators whose declaration has more than opsets, arity and traits. */
function facts(rows) {
  const told = rows.filter(({ neutral, steepest, parameters, recurrence }) =>
    [neutral, steepest, parameters, recurrence].some((fact) => fact !== undefined),
  );
  return table(
    ["operator", "neutral", "steepest", "trained", "biases", "fixed", "gates", "zero by default"],
    told.map(({ operator, neutral, steepest, parameters = {}, recurrence = {} }) => [
      operator,
      neutral ?? "",
      steepest ?? "",
      ...[parameters.trained, parameters.biases, parameters.fixed].map((inputs) => inputs?.join(", ") ?? ""),
      recurrence.gates ?? "",
      recurrence.zeroByDefault?.join(", ") ?? "",
    ]),
  );
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The gaps of one kind, facet by facet, the operators with the same reason together. */
function gaps(rows, kind) {
  return FACETS.map((facet) => {
    const byReason = new Map();
    for (const { operator, facets } of rows) {
      const { kind: found, reason } = facets[facet];
      if (found !== kind) continue;
      byReason.set(reason, [...(byReason.get(reason) ?? []), operator]);
    }
    if (byReason.size === 0) return [];
    return [
      `### ${HEADS[facet] ?? facet}${kind === "opaque" ? "" : ", not yet"}`,
      list([...byReason].map(([reason, names]) => `${reason}: ${names.map(span).join(", ")}`)),
    ];
  });
}
