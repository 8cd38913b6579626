/** What a model must meet to pass. */
export const BUDGET = {
  /** Operators of which none may be there, "domain::Type" outside the standard domain; `*` stands for any text. */
  forbidOperators: {
    flag: "--forbid-operators <names>",
    help: "operators of which none may be left, BatchNormalization or com.microsoft::* (repeatable, or a,b)",
    type: "names",
    group: "Budget",
  },
  /**
   * Operators besides which there may be none. An entry `@file` stands for those of a file: one a line, or lines like
   * "ai.onnx;13,17;Conv,Relu", as onnxruntime's reduced builds have them.
   */
  allowOperators: {
    flag: "--allow-operators <names>",
    help: "operators besides which there may be none; @file takes them from a file (repeatable, or a,b)",
    type: "names",
    group: "Budget",
  },
  /** Nodes at most, Constant nodes not counted. */
  maxNodes: {
    flag: "--max-nodes <n>",
    help: "how many nodes there may be",
    type: "whole",
    from: 0,
    group: "Budget",
  },
  /** Bytes at most that the model takes on the disk, data files included. */
  maxBytes: {
    flag: "--max-bytes <bytes>",
    help: "how large the model may be, data files included",
    type: "bytes",
    from: 0,
    group: "Budget",
  },
  /** The largest absolute difference of an element of an output from the original's that may be found. */
  maxDifference: {
    flag: "--max-difference <x>",
    help: "how far an element of an output may be from the original's",
    type: "number",
    from: 0,
    idleWith: [{ option: "check", is: [false] }],
    group: "Budget",
  },
  /** Percent by which the model may be slower than the original. What chance alone may have made slower passes. */
  maxSlowdown: {
    flag: "--max-slowdown <percent>",
    help: "by how many percent it may be slower than the original, in onnxruntime",
    type: "number",
    from: 0,
    group: "Budget",
  },
} as const;

/** What a result must meet beside that. */
export const REFUSAL_BUDGET = {
  /** Ids of refusals of which there may be none; docs/refusals.md lists them, and `*` stands for any text. */
  forbidRefusals: {
    flag: "--forbid-refusals <ids>",
    help: "refusals of which there may be none, by id (repeatable, or a,b)",
    type: "names",
    group: "Budget",
  },
  /** Write the result even where it misses the budget. */
  writeOverBudget: {
    flag: "--write-over-budget",
    help: "write the result even where it misses the budget; the exit code is 1 all the same",
    type: "switch",
    needs: [
      { option: "forbidOperators" },
      { option: "allowOperators" },
      { option: "maxNodes" },
      { option: "maxBytes" },
      { option: "maxDifference" },
      { option: "maxSlowdown" },
      { option: "forbidRefusals" },
    ],
    group: "Budget",
  },
} as const;
