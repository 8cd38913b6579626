import type { Mutant } from "./stage.js";

export const PASSING: readonly Mutant[] = [];
