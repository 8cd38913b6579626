/** How many models are optimized in one run. */
export const MANY = {
  /** The folder for the results; it is made where it is not there, and folders below it as the models have them. */
  outDir: {
    flag: "--out-dir <folder>",
    help: "where results of several models go; their folders are kept",
    type: "text",
    group: "Many models",
  },
  /** The name of each result: {name} is that of its model without the ending, {ext} the ending. Default "{name}.onnx". */
  name: {
    flag: "--name <pattern>",
    help: "the name of each result; {name} stands for that of its model",
    type: "text",
    defaultText: "{name}.onnx",
    group: "Many models",
  },
  /** Worker processes. Default: as many as processors; fewer run at once where memory would not do. */
  jobs: {
    flag: "-j, --jobs <n>",
    help: "how many models are worked on at once",
    type: "whole",
    from: 1,
    to: 256,
    defaultText: "one a processor",
    group: "Many models",
  },
  /** Go on when the run is done, and optimize models again that change. */
  watch: {
    flag: "--watch",
    help: "stay, and optimize again what changes",
    type: "switch",
    idleWith: [
      { option: "inPlace", is: [true] },
      { option: "json", is: [true] },
    ],
    group: "Many models",
  },
} as const;

/** Results that are kept for later runs. */
export const CACHE = {
  /** A folder that keeps results, by the content of the model and its data, the options and the version of the program. */
  cache: {
    flag: "--cache <folder>",
    help: "keep results here, and use them for models that have not changed",
    type: "text",
    idleWith: [{ option: "inPlace", is: [true] }],
    group: "Many models",
  },
  /** Bytes that the folder may take. Default 1 GiB; those that were used longest ago go first. */
  cacheLimit: {
    flag: "--cache-limit <bytes>",
    help: "how much the results there may take",
    type: "bytes",
    from: 0,
    default: 1_073_741_824,
    defaultText: "1GiB",
    needs: [{ option: "cache" }],
    group: "Many models",
  },
} as const;
