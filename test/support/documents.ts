import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { expect } from "vitest";

const validators = new Map<string, ValidateFunction>();

/**
 * Holds what a command printed with --json to the published schema of the command, or of its failure. Here, unlike for a reader, a field that
 * the schema does not have is wrong.
 */
export function expectDocument(text: string): void {
  const document: { readonly command?: string; readonly error?: object } = JSON.parse(text);
  const name = document.error === undefined ? (document.command ?? "none") : "error";
  const validate = validators.get(name) ?? validatorOf(name);
  validators.set(name, validate);
  const isValid = validate(document);
  expect(isValid, `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(true);
}

function validatorOf(name: string): ValidateFunction {
  const schema = JSON.parse(readFileSync(new URL(`../../docs/schema/${name}.json`, import.meta.url), "utf8"));
  return new Ajv({ strict: true, allowUnionTypes: true }).compile(closed(schema));
}

/** The schema with no fields but its own. */
function closed(schema: unknown): object {
  const close = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(close);
    if (typeof part !== "object" || part === null) return part;
    const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, close(value)]));
    return "properties" in part && !("additionalProperties" in part)
      ? { ...inner, additionalProperties: false }
      : inner;
  };
  return Object(close(schema));
}
