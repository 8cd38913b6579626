// docs/coming-from.md: the flags of other programs and ours, from the table that the command line answers by.
import { FOREIGN_COMMANDS, FOREIGN_FLAGS } from "../../dist/src/options/coming-from.js";
import { GENERATED, page, paragraph, span } from "./markdown.mjs";

const KINDS = {
  same: () => "the same",
  alias: ({ ours }) => `taken for ${span(ours)}`,
  always: () => "taken: it is always so",
  answer: () => "refused, with this line",
};

export function comingFromPage() {
  const groups = new Map();
  for (const row of FOREIGN_FLAGS) {
    const title = row.of === undefined ? row.tool : `${row.tool} ${row.of}`;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return page(
    "# Coming from onnxsim, OnnxSlim, onnxoptimizer or Polygraphy",
    GENERATED,
    paragraph(
      "Flags of other programs are taken where they mean the same here. Others are refused with one line that says " +
        "what is ours, and exit code 2. The model that is written is named by --output, not by its place.",
    ),
    [...groups].map(([title, rows]) => [
      `## ${title}`,
      paragraph(`Here it is ${span(`normfold ${rows[0].command}`)}.`),
      [
        "| flag | here | |",
        "|---|---|---|",
        ...rows.map((row) => `| ${span(row.flag)} | ${KINDS[row.kind](row)} | ${cell(row.text)} |`),
      ].join("\n"),
    ]),
    "## Commands",
    ["| command | of | here |", "|---|---|---|"]
      .concat(
        Object.entries(FOREIGN_COMMANDS).map(
          ([name, [tool, ours]]) => `| ${span(name)} | ${tool} | ${cell(ours)} |`,
        ),
      )
      .join("\n"),
  );
}

function cell(text) {
  return text.replaceAll("<", "\\<").replaceAll("|", "\\|");
}
