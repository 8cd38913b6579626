import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  operatorLineIsWrong: [
    "invalid",
    (line: string): string =>
      `"${line}" lists no operators; write a name, or domain;opsets;names like ai.onnx;13,17;Conv,Relu`,
  ],
} as const;

/** The errors of budgets. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
