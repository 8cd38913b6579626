// npm run docs: generates the pages of docs/ about operators, passes, options, errors and refusals from the built
// library, so that they agree with it. With --check nothing is written, and a page that is out of date is an error.
//
//   docs/operators.mjs   the declaration and the rules of each operator
//   docs/passes.mjs      the passes, in the order they run
//   docs/options.mjs     the commands and their options
//   docs/sentences.mjs   errors and refusals, by id
//   docs/markdown.mjs    paragraphs, lists and tables
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { operatorsPage } from "./docs/operators.mjs";
import { optionsPage } from "./docs/options.mjs";
import { passesPage } from "./docs/passes.mjs";
import { errorsPage, refusalsPage } from "./docs/sentences.mjs";

const PAGES = {
  "operators.md": operatorsPage,
  "passes.md": passesPage,
  "options.md": optionsPage,
  "errors.md": errorsPage,
  "refusals.md": refusalsPage,
};

const isCheck = process.argv.includes("--check");
const folder = new URL("../docs/", import.meta.url);
for (const [name, page] of Object.entries(PAGES)) {
  const url = new URL(name, folder);
  const text = await page();
  if (text === read(url)) continue;
  if (isCheck) {
    console.error(`docs/${name} is out of date; run npm run docs`);
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
