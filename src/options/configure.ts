/** Where options come from beside the command line. */
export const CONFIGURE = {
  /** The file with the configuration; by default normfold.config.ts, .js, .mjs or .json in the current folder. */
  configFile: {
    flag: "--config <file>",
    help: "the file with the configuration",
    type: "text",
    defaultText: "normfold.config.* in this folder",
    group: "Configuration",
  },
  /** Look for a configuration. Default true. */
  configuration: {
    flag: "--no-config",
    help: "do not look for a configuration",
    type: "switch",
    default: true,
    group: "Configuration",
  },
  /** Options for one purpose, which stand behind those that are given one by one. */
  preset: {
    flag: "--preset <name>",
    help: "options for a purpose; others that are given go before",
    type: "choice",
    choices: ["edge", "web", "server", "quantization-ready"],
    group: "Configuration",
  },
  /** Modules with passes of your own. */
  plugins: {
    flag: "--plugin <files>",
    help: "modules with passes of your own (repeatable, or a,b)",
    type: "names",
    group: "Configuration",
  },
} as const;
