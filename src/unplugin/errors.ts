import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  assetDiffers: [
    "check",
    (reason: string): string => `the optimized model gives other outputs: ${reason}; the build stops here`,
  ],
  assetIsUnchecked: [
    "unsupported",
    (reason: string): string =>
      `the optimized model is not checked: ${reason}; the plugin's option "optimize: { check: false }" takes it unchecked`,
  ],
} as const;

/** The errors of the plugin for bundlers. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
