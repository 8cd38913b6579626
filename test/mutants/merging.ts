import type { Mutant } from "./stage.js";

export const MERGING: readonly Mutant[] = [];
