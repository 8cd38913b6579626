import { plural } from "../base/plural.js";
import type { ModelDescription, NormalizationDescription } from "../library/description.js";
import type { FileSize } from "../library/save.js";
import { type Cell, paragraph, shown, table, textWidth, WIDTH } from "./layout.js";
import type { Style } from "./style.js";
import { groupBy } from "./tally.js";
import { bytesText, countText } from "./units.js";

export interface InspectTextOptions {
  readonly style: Style;
  /** Every metadata value, doc string and BatchNormalization in full. */
  readonly all: boolean;
}

/** A description as text of at most WIDTH columns, with a line end. */
export function inspectText(file: FileSize, model: ModelDescription, options: InspectTextOptions): string {
  const { style, all } = options;
  const blocks = [
    [`${style.bold(shown(file.path, WIDTH - 20))}  ${style.dim(bytesText(file.bytes))}`],
    header(model, style, all),
    interfaceTable(model, style),
    metadata(model, style, all),
    operators(model, style),
    weights(model, style),
    normalizations(model.normalizations, style, all),
  ];
  return `${blocks
    .map((lines) => lines.join("\n"))
    .filter((block) => block !== "")
    .join("\n\n")}\n`;
}

function header(model: ModelDescription, { dim }: Style, all: boolean): string[] {
  const fields: [string, string | undefined][] = [
    ["graph", model.graph],
    ["IR version", String(model.irVersion)],
    ["opsets", model.opsets.map(({ domain, version }) => `${domain} ${version}`).join(", ") || "none"],
    ["producer", model.producer],
    ["domain", model.domain],
    ["version", model.version],
    ["functions", model.functions.join(", ")],
    [
      "subgraphs",
      Object.entries(model.subgraphs)
        .map(([op, n]) => `${n} in ${op}`)
        .join(", "),
    ],
    ["training", model.trainingInfo === 0 ? "" : plural(model.trainingInfo, "training_info")],
    ["doc", all ? model.docString : model.docString?.split("\n")[0]],
  ];
  const shown = fields.filter(
    (field): field is [string, string] => field[1] !== undefined && field[1] !== "",
  );
  return shown.flatMap(([name, text]) =>
    labelled(name, text, dim, all && name === "doc" ? Number.POSITIVE_INFINITY : undefined),
  );
}

const LABEL = 12;

/** `name  text`, the text in its own column. */
function labelled(name: string, text: string, dim: Style["dim"], most?: number): string[] {
  const label = name.padEnd(LABEL);
  const lines = paragraph(`${" ".repeat(LABEL)}${text.trim()}`, 2, 2 + LABEL, most);
  const [first = "", ...rest] = lines;
  return [`  ${dim(label)}${first.slice(2 + LABEL)}`, ...rest];
}

function interfaceTable({ inputs, outputs }: ModelDescription, style: Style): string[] {
  const rows: Cell[][] = [];
  const add = (title: string, name: string, type: string | undefined, note: string): void => {
    rows.push([{ text: title, paint: style.bold }, name, { text: type ?? "?", paint: style.cyan }, note]);
  };
  for (const [i, { name, type, optional }] of inputs.entries()) {
    add(i === 0 ? "inputs" : "", name, type, optional ? "has a default" : "");
  }
  for (const [i, { name, type }] of outputs.entries()) add(i === 0 ? "outputs" : "", name, type, "");
  return table([{}, { elastic: true }, { elastic: true }, {}], rows, 0);
}

function metadata(model: ModelDescription, { bold, dim }: Style, all: boolean): string[] {
  const entries = Object.entries(model.metadata);
  if (entries.length === 0) return [];
  if (!all) {
    const rows = entries.map(([key, value]): Cell[] => [key, { text: value, paint: dim }]);
    return [bold("metadata"), ...table([{}, { elastic: true }], rows)];
  }
  return [
    bold("metadata"),
    ...entries.flatMap(([key, value]) => paragraph(`${key}: ${value}`, 2, 4, Number.POSITIVE_INFINITY)),
  ];
}

function operators({ summary }: ModelDescription, { bold, dim }: Style): string[] {
  const entries = Object.entries(summary.operators);
  const title = `${bold("operators")}  ${summary.nodes}${summary.constants > 0 ? dim(` and ${plural(summary.constants, "Constant")}`) : ""}`;
  return [title, ...columns(entries.map(([name, count]) => [String(count), name]))];
}

/** Count and name pairs, in as many columns as fit: a histogram of forty operators stays on one screen. */
function columns(entries: readonly (readonly [string, string])[]): string[] {
  const countWidth = Math.max(...entries.map(([count]) => count.length), 0);
  const nameWidth = Math.max(...entries.map(([, name]) => textWidth(shown(name, WIDTH))), 0);
  const perLine = Math.max(1, Math.floor((WIDTH - 2) / (countWidth + nameWidth + 4)));
  const height = Math.ceil(entries.length / perLine);
  const rows = Array.from({ length: height }, (_, row) =>
    Array.from({ length: perLine }, (_, column) => entries[column * height + row] ?? ["", ""]).flat(),
  );
  const shape = Array.from({ length: perLine }, () => [
    { align: "right" } as const,
    { elastic: true },
  ]).flat();
  return table(shape, rows);
}

function weights({ summary, largest, external }: ModelDescription, { bold, dim, red }: Style): string[] {
  const { parameters, parameterBytes, initializers } = summary;
  const total = `${countText(parameters)}, ${bytesText(parameterBytes)} in ${plural(initializers, "initializer")}`;
  const rows = largest.map(({ name, dtype, dims, bytes }): Cell[] => [
    name,
    { text: `${dtype}[${dims.join(",")}]`, paint: dim },
    bytesText(bytes),
  ]);
  const files = external.map(({ location, tensors, bytes, missing }): Cell[] => [
    location,
    { text: plural(tensors, "tensor"), paint: dim },
    bytesText(bytes),
    missing ? { text: "missing or not allowed", paint: red } : "",
  ]);
  return [
    `${bold("parameters")}  ${total}`,
    ...table([{ elastic: true }, { elastic: true }, { align: "right" }], rows),
    ...(files.length === 0 ? [] : ["", bold("external data")]),
    ...table([{ elastic: true }, {}, { align: "right" }, {}], files),
  ];
}

function normalizations(all: readonly NormalizationDescription[], style: Style, each: boolean): string[] {
  if (all.length === 0) return [];
  const title = `${style.bold("BatchNormalization")}  ${all.length}`;
  const context = ({ before, after }: NormalizationDescription): string =>
    `${before} > BN > ${after.join(", ") || "nothing"}`;
  if (each)
    return [
      title,
      ...table(
        [{ elastic: true }, { elastic: true }],
        all.map((bn) => [bn.node, context(bn)]),
      ),
    ];
  const groups = groupBy(all, context);
  const rows = [...groups]
    .sort(([a, m], [b, n]) => n.length - m.length || (a < b ? -1 : 1))
    .map(([text, members]): Cell[] => [
      String(members.length),
      text,
      { text: members.length === 1 ? (members[0]?.node ?? "") : "", paint: style.dim },
    ]);
  return [title, ...table([{ align: "right" }, { elastic: true }, { elastic: true }], rows)];
}
