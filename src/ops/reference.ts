import type { Rule, RuleTable } from "../rules/reference-rule.js";
import { control } from "./control/reference.js";
import { convolution } from "./convolution/reference.js";
import { elementwise } from "./elementwise/reference.js";
import { linear } from "./linear/reference.js";
import { products } from "./linear/reference-einsum.js";
import { losses } from "./loss/reference.js";
import { movement } from "./movement/reference.js";
import { normalization } from "./normalization/reference.js";
import { pooling } from "./pooling/reference.js";
import { quantization } from "./quantization/reference.js";
import { recurrent } from "./recurrent/reference.js";
import { reductions } from "./reduction/reference.js";
import { shapes } from "./shape/reference.js";
import { resizing } from "./vision/reference.js";

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
