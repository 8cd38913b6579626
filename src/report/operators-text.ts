import { FACETS, type FacetCoverage, type FacetName, type OperatorCoverage } from "../ops/coverage.js";
import type { Arity } from "../rules/operator.js";
import { paragraph, table } from "./layout.js";
import type { Style } from "./style.js";

const MARKS: Readonly<Record<FacetCoverage["kind"], string>> = {
  given: "yes",
  opaque: "·",
  missing: "-",
};

/** The names of the facets for users. */
const COLUMNS: Readonly<Record<FacetName, string>> = {
  inference: "types",
  layout: "layout",
  affine: "affine",
  gradient: "gradient",
  reference: "reference",
  operands: "operands",
};

/** The facets that fit into a line. That of the operands is shown for one operator. */
const MATRIX: readonly FacetName[] = FACETS.filter((facet) => facet !== "operands");

/** The rules of affine maps: a letter for the matrix, and words. */
const AFFINE_RULES: Readonly<Record<string, readonly [letter: string, words: string]>> = {
  lift: ["L", "is one itself"],
  absorbUp: ["U", "absorbs one of its output"],
  passUp: ["u", "passes one of its output on to its inputs"],
  absorbDown: ["D", "absorbs one of an input"],
  passDown: ["d", "passes one of an input on to its output"],
};

/** The matrix of operators and facets, as text of at most WIDTH columns. */
export function operatorsText(rows: readonly OperatorCoverage[], { bold, dim }: Style): string {
  const head = ["operator", "since", ...MATRIX.map((facet) => COLUMNS[facet])].map((text) => ({
    text,
    paint: bold,
  }));
  const lines = rows.map(({ operator, since, facets }) => [
    operator,
    { text: `${since[0]}`, paint: dim },
    ...MATRIX.map((facet) => mark(facets[facet])),
  ]);
  return [
    ...table([{}, { align: "right" }, {}, {}, {}, {}, {}], [head, ...lines], 0),
    "",
    ...paragraph("yes  there is a rule", 0, 5),
    ...paragraph("0    there is a rule, which says that no gradient goes through it", 0, 5),
    ...paragraph("·    none on purpose: there is nothing to know", 0, 5),
    ...paragraph("-    none is written", 0, 5),
    ...paragraph(
      "affine maps: L it is one, U and u it absorbs one of its output or passes it on, D and d one of an input",
      0,
      5,
    ),
    "",
    "normfold passes --operator NAME gives traits, all opsets and reasons.",
    "",
  ].join("\n");
}

function mark({ kind, detail }: FacetCoverage): string {
  if (kind !== "given") return MARKS[kind];
  if (detail === "zero") return "0";
  const letters = detail?.split(", ").map((part) => AFFINE_RULES[part]?.[0] ?? "");
  return letters === undefined || letters.every((letter) => letter === "") ? MARKS.given : letters.join("");
}

/** The declaration and the rules of one operator, as text of at most WIDTH columns. */
export function operatorText(row: OperatorCoverage, { bold, cyan, dim }: Style): string {
  const { operator, since, breaking = [], inputs, outputs = 1, traits = [], facets } = row;
  const versions = since.map((version) => (breaking.includes(version) ? `${version}*` : `${version}`));
  const facts: readonly (readonly [string, string])[] = [
    ["opsets", versions.join(", ") + (breaking.length > 0 ? " (* changed what it means)" : "")],
    ["inputs", arityText(inputs)],
    ["outputs", arityText(outputs)],
    ["traits", traits.length > 0 ? traits.join(", ") : "none"],
    ...FACETS.map((facet) => [COLUMNS[facet], facetText(facets[facet])] as const),
  ];
  const lines = facts.flatMap(([label, text]) => labelled(label, text, dim));
  return `${[bold(cyan(operator)), ...lines].join("\n")}\n`;
}

const LABEL = 11;

function labelled(label: string, text: string, dim: Style["dim"]): readonly string[] {
  const lines = paragraph(text, 2 + LABEL);
  return lines.map((line, index) =>
    index === 0 ? `  ${dim(label.padEnd(LABEL))}${line.slice(2 + LABEL)}` : line,
  );
}

export function arityText(arity: Arity): string {
  if (typeof arity === "number") return `${arity}`;
  const [least, most] = arity;
  return most === "variadic" ? `${least} or more` : `${least} to ${most}`;
}

function facetText({ kind, detail, reason }: FacetCoverage): string {
  if (kind !== "given") return reason === undefined ? kind : `${kind}: ${reason}`;
  if (detail === undefined || detail === "rule") return "given";
  if (detail === "zero") return "given: 0, no gradient goes through it";
  const rules = detail.split(", ").map((part) => {
    const [letter, words] = AFFINE_RULES[part] ?? ["", part];
    return letter === "" ? words : `${letter} ${words}`;
  });
  return `given: ${rules.join(", ")}`;
}
