import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { validateXML } from "xmllint-wasm";

const SCHEMA = readFileSync(new URL("./junit.xsd", import.meta.url), "utf8");

/** Holds a report to the schema, by libxml2. */
export async function expectJUnit(contents: string): Promise<void> {
  const schema = { fileName: "junit.xsd", contents: SCHEMA };
  const { valid, errors } = await validateXML({ xml: { fileName: "report.xml", contents }, schema });
  expect(valid, errors.map(({ message }) => message).join("\n")).toBe(true);
}
