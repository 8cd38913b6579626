import { control } from "./control.js";
import { convolution } from "./convolution.js";
import { products } from "./einsum.js";
import { elementwise } from "./elementwise.js";
import { linear } from "./linear.js";
import { losses } from "./loss.js";
import { movement } from "./movement.js";
import { normalization } from "./normalization.js";
import { pooling } from "./pooling.js";
import { quantization } from "./quantization.js";
import { recurrent } from "./recurrent.js";
import { reductions } from "./reduction.js";
import { resizing } from "./resize.js";
import type { Rule, RuleTable } from "./rule.js";
import { shapes } from "./shape.js";

/** One row per family. */
const FAMILIES: readonly RuleTable[] = [
  control,
  convolution,
  elementwise,
  linear,
  losses,
  movement,
  normalization,
  pooling,
  products,
  quantization,
  recurrent,
  reductions,
  resizing,
  shapes,
];

const RULES: ReadonlyMap<string, Rule> = new Map(FAMILIES.flatMap((family) => Object.entries(family)));

/** The reference of an operator of the standard domain. */
export function findRule(opType: string): Rule | undefined {
  return RULES.get(opType);
}

/** The standard operators that have a reference. */
export function referenceOperators(): readonly string[] {
  return [...RULES.keys()].sort();
}
