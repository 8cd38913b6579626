import type { Mutant } from "./stage.js";

export const BELOW: readonly Mutant[] = [];
