// npm run docs: generates the pages of docs/ about operators, passes, options, errors and refusals, and the JSON Schemas of
// docs/schema/, from the built library, so that they agree with it. With --check nothing is written, and a file that is out of date is
// an error.
//
//   docs/operators.mjs   the declaration and the rules of each operator
//   docs/passes.mjs      the passes, in the order they run
//   docs/options.mjs     the commands and their options
//   docs/coming-from.mjs  the flags of other programs, and ours
//   docs/sentences.mjs   errors and refusals, by id
//   docs/schemas.mjs     what the commands print with --json
//   docs/markdown.mjs    paragraphs, lists and tables
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { comingFromPage } from "./docs/coming-from.mjs";
import { operatorsPage } from "./docs/operators.mjs";
import { optionsPage } from "./docs/options.mjs";
import { passesPage } from "./docs/passes.mjs";
import { schemas } from "./docs/schemas.mjs";
import { errorsPage, refusalsPage } from "./docs/sentences.mjs";

const FILES = {
  "docs/operators.md": operatorsPage,
  "docs/passes.md": passesPage,
  "docs/options.md": optionsPage,
  "docs/coming-from.md": comingFromPage,
  "docs/errors.md": errorsPage,
  "docs/refusals.md": refusalsPage,
};

const isCheck = process.argv.includes("--check");
const root = new URL("../", import.meta.url);
mkdirSync(new URL("docs/schema/", root), { recursive: true });
for (const [name, page] of Object.entries(FILES)) update(name, await page());
for (const [name, text] of Object.entries(schemas())) update(`docs/schema/${name}`, text);

function update(name, text) {
  const url = new URL(name, root);
  if (text === read(url)) return;
  if (isCheck) {
    console.error(`${name} is out of date; run npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(url, text);
    console.log(fileURLToPath(url));
  }
}

function read(url) {
  try {
    return readFileSync(url, "utf8");
  } catch {
    return undefined;
  }
}
