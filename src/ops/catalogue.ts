import { isStandardDomain, type Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { OperatorRecord, Trait } from "../rules/operator.js";
import { OPERATORS as attention } from "./attention/operators.js";
import { OPERATORS as control } from "./control/operators.js";
import { OPERATORS as convolution } from "./convolution/operators.js";
import { OPERATORS as elementwise } from "./elementwise/operators.js";
import { OPERATORS as generate } from "./generate/operators.js";
import { OPERATORS as linear } from "./linear/operators.js";
import { OPERATORS as loss } from "./loss/operators.js";
import { OPERATORS as movement } from "./movement/operators.js";
import { OPERATORS as normalization } from "./normalization/operators.js";
import { OPERATORS as pooling } from "./pooling/operators.js";
import { OPERATORS as quantization } from "./quantization/operators.js";
import { OPERATORS as recurrent } from "./recurrent/operators.js";
import { OPERATORS as reduction } from "./reduction/operators.js";
import { OPERATORS as sequence } from "./sequence/operators.js";
import { OPERATORS as shape } from "./shape/operators.js";
import { OPERATORS as signal } from "./signal/operators.js";
import { OPERATORS as text } from "./text/operators.js";
import { OPERATORS as vision } from "./vision/operators.js";

/** The declarations of all families, as a type. */
export type Declared = typeof attention &
  typeof control &
  typeof convolution &
  typeof elementwise &
  typeof generate &
  typeof linear &
  typeof loss &
  typeof movement &
  typeof normalization &
  typeof pooling &
  typeof quantization &
  typeof recurrent &
  typeof reduction &
  typeof sequence &
  typeof shape &
  typeof signal &
  typeof text &
  typeof vision;

declare module "../ir/operator-name.js" {
  interface StandardOperators extends Readonly<Record<keyof Declared, OperatorRecord>> {}
}

// The doors export the type from this module, because without the declarations above it has no operators.
export type { StandardOperator };

/** Every operator of the standard domain, as its family declares it. */
export const OPERATORS: Readonly<Record<StandardOperator, OperatorRecord>> = {
  ...attention,
  ...control,
  ...convolution,
  ...elementwise,
  ...generate,
  ...linear,
  ...loss,
  ...movement,
  ...normalization,
  ...pooling,
  ...quantization,
  ...recurrent,
  ...reduction,
  ...sequence,
  ...shape,
  ...signal,
  ...text,
  ...vision,
};

/** The names of all operators of the standard domain, sorted. */
export const OPERATOR_NAMES: readonly StandardOperator[] = Object.keys(OPERATORS)
  .filter(isStandardOperator)
  .sort();

const BY_TRAIT = new Map<Trait, Set<string>>();
for (const name of OPERATOR_NAMES) {
  for (const trait of OPERATORS[name].traits ?? []) {
    const names = BY_TRAIT.get(trait);
    if (names === undefined) BY_TRAIT.set(trait, new Set([name]));
    else names.add(name);
  }
}

/** Whether a name is that of an operator of the standard domain. */
export function isStandardOperator(name: string): name is StandardOperator {
  return Object.hasOwn(OPERATORS, name);
}

/** The operators that have a trait, sorted by name. */
export function operatorsWith(trait: Trait): readonly StandardOperator[] {
  return OPERATOR_NAMES.filter((name) => nameHasTrait(name, trait));
}

/** Whether the operator of the standard domain with that name has a trait. */
export function nameHasTrait(opType: string, trait: Trait): boolean {
  return BY_TRAIT.get(trait)?.has(opType) === true;
}

/** The operator of the standard domain that a node applies; undefined for other domains and unknown names. */
export function standardOperator(node: Node): StandardOperator | undefined {
  return isStandardDomain(node.domain) && isStandardOperator(node.opType) ? node.opType : undefined;
}

/**
 * The declaration of a node's operator. Calls of a function of the same name are for the caller to tell apart
 * (Facts.isCall).
 */
export function declarationOf(node: Node): OperatorRecord | undefined {
  const name = standardOperator(node);
  return name === undefined ? undefined : OPERATORS[name];
}

/** The row of a node's operator in a table by operator. */
export function rowOf<T>(table: ReadonlyMap<StandardOperator, T>, node: Node): T | undefined {
  const name = standardOperator(node);
  return name === undefined ? undefined : table.get(name);
}

/**
 * Whether a node's operator has a trait. Calls of a function of the same name are for the caller to tell apart
 * (Facts.isCall).
 */
export function hasTrait(node: Node, trait: Trait): boolean {
  return isStandardDomain(node.domain) && nameHasTrait(node.opType, trait);
}
