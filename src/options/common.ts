/** How a model is read. */
export const LOAD = {
  /** Read external data outside the model's folder, or through a link out of it. Refused by default. */
  allowOutsideExternalData: {
    flag: "--allow-outside",
    help: "read external data outside the model's folder",
    type: "switch",
    group: "Input and output",
  },
} as const;

/** The file to which a command writes its model. */
export const TARGET = {
  /** The file to write; "-" is standard output. */
  outputFile: {
    flag: "-o, --output <file>",
    help: 'where to write; "-" writes to standard output',
    type: "text",
    group: "Input and output",
  },
} as const;

/** The output of a command. */
export const PRINTING = {
  /** Print one JSON document and nothing else on stdout. */
  json: {
    flag: "--json",
    help: "print one JSON document and nothing else on stdout",
    type: "switch",
    group: "Input and output",
  },
  /** Print nothing but errors. */
  quiet: {
    flag: "-q, --quiet",
    help: "print nothing but errors",
    type: "switch",
    group: "Input and output",
  },
} as const;

/** The output of a command that only prints. */
export const JSON_ONLY = {
  /** Print one JSON document and nothing else on stdout. */
  json: { flag: "--json", help: "print one JSON document and nothing else on stdout", type: "switch" },
} as const;
