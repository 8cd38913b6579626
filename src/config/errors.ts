import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  // The file.
  severalConfigs: [
    "usage",
    (names: readonly string[]): string =>
      `there are ${names.join(" and ")}, and only one can count; remove the others, or give one to --config`,
  ],
  configIsNotThere: [
    "usage",
    (): string => "there is no such configuration; check the path given to --config",
  ],
  configIsOfAnotherKind: [
    "usage",
    (): string => "the name of a configuration ends in .ts, .mts, .js, .mjs or .json; rename it",
  ],
  configModuleFails: ["usage", (reason: string): string => `it cannot be loaded: ${reason}; mend it`],
  typescriptNeedsJiti: [
    "usage",
    (node: string): string =>
      `Node ${node} does not read TypeScript; run npm install --save-dev jiti, or write it in JavaScript`,
  ],
  jsonIsBroken: ["usage", (reason: string): string => `it is no JSON: ${reason}; mend it`],

  // What is in it.
  configIsNoObject: [
    "usage",
    (): string => "its default export is no configuration; write export default defineConfig({ ... })",
  ],
  unknownKey: [
    "usage",
    (key: string, meant: string | undefined, known: string): string =>
      `there is no ${key}; ${meant === undefined ? `known are ${known}` : `did you mean "${meant}"?`}`,
  ],
  wrongValue: [
    "usage",
    (key: string, value: string, wanted: string): string => `${key} is ${value}; give ${wanted}`,
  ],
  keyIsMissing: ["usage", (key: string, wanted: string): string => `${key} is missing; give ${wanted}`],

  // Plugins.
  pluginIsNotThere: ["usage", (): string => "there is no such plugin; check the path"],
  pluginIsNone: [
    "usage",
    (): string =>
      "its default export is no plugin; export a pass of definePass, a list of them, or { passes: [...] }",
  ],
  pluginPassIsIncomplete: [
    "usage",
    (pass: string, field: string): string => `the pass ${pass} has no ${field}; make passes with definePass`,
  ],
} as const;

/** The errors of configuration. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
