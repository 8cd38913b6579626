/** How a model is read. */
export const LOAD = {
  /**
   * Bytes that the nodes, values and attributes of the model may take in memory, weights not counted. That is predicted part by
   * part while the model is read, and one that would take more is refused. Default 1 GiB: some 350,000 nodes.
   */
  modelMemory: {
    flag: "--model-memory <bytes>",
    help: "how much memory the model's nodes, values and attributes may take",
    type: "bytes",
    from: 1,
    default: 1_073_741_824,
    defaultText: "1GiB, some 350,000 nodes",
    group: "Input and output",
  },
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

/** Other ways of saying what a command did, for pipelines. */
export const REPORTING = {
  /** text, json, github, junit or markdown, each alone or as name=file. Default: text. */
  reporter: {
    flag: "--reporter <names>",
    help: "how to say it: text, json, github, junit, markdown; or name=file (repeatable, or a,b)",
    type: "names",
    defaultText: "text",
    group: "Input and output",
  },
} as const;

/** The output of a command that only prints. */
export const JSON_ONLY = {
  /** Print one JSON document and nothing else on stdout. */
  json: { flag: "--json", help: "print one JSON document and nothing else on stdout", type: "switch" },
} as const;
