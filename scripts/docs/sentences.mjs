// docs/errors.md and docs/refusals.md: every kind of error and refusal, with the template of its sentence.
import { readdirSync } from "node:fs";
import { PASSES } from "../../dist/src/index.js";
import { GENERATED, list, page, paragraph, span } from "./markdown.mjs";

const DIST = new URL("../../dist/", import.meta.url);

/** The meaning of each code for the user of the command, in the order of their exit codes. */
const CODES = {
  check: "outputs differ beyond the tolerance; exit code 1",
  usage: "the call or its options make no sense; exit code 2",
  invalid: "the model or the data is unreadable, or breaks the ONNX specification; exit code 3",
  unsupported: "valid, but neither normfold nor onnxruntime can do it; exit code 4",
  io: "a file cannot be read or written; exit code 5",
  internal: "a bug in normfold; exit code 70",
};

export async function errorsPage() {
  const catalogues = await cataloguesOf("errors");
  return page(
    "# Errors",
    GENERATED,
    paragraph(
      "Every error that normfold throws on purpose is a `NormfoldError`: a code, an id, a sentence and a place. The id stands in " +
        "`error.id` and in `--json`; it stays, while sentences may change. Each room has its catalogue, one line an error " +
        "([errors.ts](../src/base/errors.ts) says how).",
    ),
    list(Object.entries(CODES).map(([code, meaning]) => `**${code}**: ${meaning}`)),
    catalogues.map(({ file, kinds }) => [
      heading(file),
      list(kinds.map((kind) => `${span(kind.id)} (${kind.code}): ${templateOf(kind)}`)),
    ]),
  );
}

export async function refusalsPage() {
  const catalogues = await cataloguesOf("refusals");
  const passes = PASSES.filter(({ refusals }) => refusals !== undefined).map(({ name, refusals }) => ({
    file: `passes/${name}.ts`,
    kinds: Object.values(refusals),
  }));
  return page(
    "# Refusals",
    GENERATED,
    paragraph(
      "A refusal says why something that looked possible was not done. `--explain` lists them by id, `report.refusals` has them, and " +
        "`--json` too. The id stays, while sentences may change. A refusal is a value and never an exception " +
        "([refusal.ts](../src/base/refusal.ts) says how they are made).",
    ),
    [...catalogues, ...passes].map(({ file, kinds }) => [
      heading(file),
      list(kinds.map((kind) => `${span(kind.id)}: ${templateOf(kind)}`)),
    ]),
  );
}

function heading(file) {
  return `## ${file.replace(/\/(?:errors|refusals)\.ts$/, "")}\n\n[${file}](../${file})`;
}

/** Every catalogue of src that has a file of its own: errors.ts or refusals.ts, or one that starts so. */
export async function cataloguesOf(name) {
  const files = readdirSync(new URL("src", DIST), { recursive: true })
    .map((file) => file.replaceAll("\\", "/"))
    .filter(
      (file) => new RegExp(`(?:^|/)${name}[\\w-]*\\.js$`).test(file) && !/^base\/errors\.js$/.test(file),
    )
    .sort();
  const catalogues = [];
  for (const file of files) {
    const module = await import(new URL(`src/${file}`, DIST).href);
    const kinds = Object.values(module[name] ?? {});
    if (kinds.length > 0) catalogues.push({ file: `src/${file.replace(/\.js$/, ".ts")}`, kinds });
  }
  return catalogues;
}

/** The sentence with each parameter as `<name>`, in a code span, because Markdown would take it for HTML. */
export function templateOf({ sentence }) {
  const values = parametersOf(sentence).map(placeholder);
  return sentence(...values);
}

/** The names of a function's parameters, from its text; of a destructured one, undefined. */
function parametersOf(sentence) {
  const text = sentence.toString();
  const list = /^\(?(.*?)\)?\s*=>/s.exec(text)?.[1] ?? "";
  return list
    .replaceAll(/\{[^}]*\}/g, "{}")
    .split(",")
    .map((name) =>
      name
        .trim()
        .replace(/^\.\.\./, "")
        .replace(/\s*=.*$/s, ""),
    )
    .filter((name) => name !== "");
}

/** Stands for a value of any type: each of its properties and results prints as its name. */
function placeholder(name) {
  const text = `\`<${name}>\``;
  const make = (target) =>
    new Proxy(target, {
      get(_, property) {
        if (property === Symbol.toPrimitive || property === "toString" || property === "toJSON")
          return () => text;
        if (property === Symbol.iterator) return () => [text][Symbol.iterator]();
        if (name === "{}") return placeholder(String(property));
        return make(() => {});
      },
      apply: () => make(() => {}),
    });
  return make(() => {});
}
