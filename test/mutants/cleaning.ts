import type { Mutant } from "./stage.js";

export const CLEANING: readonly Mutant[] = [];
