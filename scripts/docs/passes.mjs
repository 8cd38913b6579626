// docs/passes.md: the passes in the order they run, each with the comment at the head of its file.
import { readFileSync } from "node:fs";
import { specialText } from "../../dist/src/base/special-values.js";
import { PASSES } from "../../dist/src/index.js";
import { code, GENERATED, list, page, paragraph, span } from "./markdown.mjs";
import { templateOf } from "./sentences.mjs";

export function passesPage() {
  return page(
    "# Passes",
    GENERATED,
    paragraph(
      `The ${PASSES.length} passes of \`normfold optimize\`, in the order they run; in rounds, until none finds anything to do. ` +
        "`--pass` and `--skip` choose among them. `exact` means: the same bits come out. `rounding` means: the same function, " +
        "evaluated with other roundings, which [the check](proof.md) measures. Each says what it may do to NaN, " +
        "infinity, -0 and empty tensors, and a rewrite may do less than its pass; `--preserve-nonfinite` leaves out those that " +
        "change them ([special values](proof.md#special-values)). [Writing a pass](writing-a-pass.md) " +
        "teaches how one is made.",
    ),
    list(PASSES.map(({ name, summary }) => `[${name}](#${name}): ${summary}`)),
    PASSES.map(section),
  );
}

function section(pass) {
  const { name, numerics, after, before } = pass;
  const file = `passes/${name}.ts`;
  return [
    `## ${name}`,
    paragraph(`[${file}](../${file}), ${numerics}`),
    paragraph(specials(pass)),
    code(headerOf(file) ?? `before   ${before}\nafter    ${after}`),
    order(pass),
    refusals(pass),
  ];
}

function specials({ specials: { mayChange, because } }) {
  const what = mayChange.length === 0 ? "Keeps all special values" : `May change ${specialText(mayChange)}`;
  return `${what}: ${because}.`;
}

/** The comment on the pass in its file, unchanged. */
function headerOf(file) {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const comment = /\/\*\*\n((?: \*[^\n]*\n)+) \*\/\nexport const \w+: Pass =/.exec(source)?.[1];
  return comment
    ?.split("\n")
    .map((line) => line.replace(/^ \* ?/, ""))
    .join("\n")
    .trim();
}

function order({ order: places }) {
  if (places === undefined || places === "any place") return [];
  const rows = ["after", "before"].flatMap((when) =>
    Object.entries(places[when] ?? {}).map(([other, why]) => `runs ${when} [${other}](#${other}): ${why}`),
  );
  return rows.length === 0 ? [] : list(rows);
}

function refusals({ refusals: kinds = {} }) {
  const rows = Object.values(kinds).map((kind) => `${span(kind.id)}: ${templateOf(kind)}`);
  return rows.length === 0 ? [] : ["Refusals of its own:", list(rows)];
}
