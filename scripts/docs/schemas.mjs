// docs/schema/<command>.json: the JSON Schema of what each command prints with --json, from the types and comments of
// src/contract/documents.ts. The generator reads the built declarations with a TypeScript of its own.
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";
import { COMMANDS } from "../../dist/src/options/commands.js";

const declarations = fileURLToPath(new URL("../../dist/src/contract/documents.d.ts", import.meta.url));
const tsconfig = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));

/** The schemas by file name; "error" is of a command that failed. */
export function schemas() {
  const generator = createGenerator({
    path: declarations,
    tsconfig,
    skipTypeCheck: true,
    // New fields may come within one version, and a reader that validates is to take them.
    additionalProperties: true,
    expose: "export",
    topRef: false,
    sortProps: false,
  });
  const names = COMMANDS.filter(({ tables }) => tables.some((table) => Object.hasOwn(table, "json")));
  const files = [...names.map(({ name }) => name), "error"].map((name) => {
    const type = `${name[0].toUpperCase()}${name.slice(1)}Document`;
    const { $schema, ...schema } = generator.createSchema(type);
    const title =
      name === "error"
        ? "What a command prints with --json when it fails"
        : `What "normfold ${name} --json" prints`;
    return [`${name}.json`, `${JSON.stringify({ $schema, title, ...schema }, undefined, 2)}\n`];
  });
  return Object.fromEntries(files);
}
