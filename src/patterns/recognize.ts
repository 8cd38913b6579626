import type { Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Scope } from "../ir/scope.js";
import { OPERATORS, rowOf } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import { ACTIVATIONS } from "./activations.js";
import type { Compound } from "./compound.js";
import { EINSUMS } from "./einsum.js";
import type { Context } from "./found.js";
import { isPossible } from "./match.js";
import { NORMALIZATIONS } from "./normalizations.js";
import { readSpelling, type Spelling } from "./reading.js";
import { REARRANGEMENTS } from "./rearrangements.js";
import { REDUCTIONS } from "./reductions.js";

export type { Compound, CompoundInput, NewConstant } from "./compound.js";

const BY_END: ReadonlyMap<StandardOperator, readonly Spelling[]> = collect();

function collect(): Map<StandardOperator, Spelling[]> {
  const byEnd = new Map<StandardOperator, Spelling[]>();
  for (const spelling of [...NORMALIZATIONS, ...ACTIVATIONS, ...REDUCTIONS, ...REARRANGEMENTS, ...EINSUMS]) {
    for (const end of spelling.ends) byEnd.set(end, [...(byEnd.get(end) ?? []), spelling]);
  }
  return byEnd;
}

/** The operators that spellings of these numerics end in. */
export function compoundEnds(numerics: Compound["numerics"]): readonly StandardOperator[] {
  return [...BY_END].flatMap(([end, spellings]) =>
    spellings.some((spelling) => (spelling.numerics ?? "rounding") === numerics) ? [end] : [],
  );
}

/**
 * Every standard operator that the expression ending in `node` spells out, the likeliest first; `numerics` limits them to
 * one kind, `lacking` to spellings that may spell one of these operators and are known to, where the opset lacks it. The caller checks whether the model's opset has the operator (`since`) and whether the values inside are used
 * elsewhere.
 */
export function* recognizeCompounds(
  node: Node,
  facts: Facts,
  numerics?: Compound["numerics"],
  lacking?: ReadonlySet<StandardOperator>,
): Generator<Compound, void, undefined> {
  const spellings = rowOf(BY_END, node);
  const opset = facts.opset(node);
  const output = node.output(0);
  if (spellings === undefined || output === undefined || node.outputs.length > 1) return;
  // Before opset 7 operators broadcast by other rules.
  if (opset === undefined || opset < 7 || node.hasReferences || facts.isCall(node)) return;
  let context: Context | undefined;
  for (const spelling of spellings) {
    if (numerics !== undefined && numerics !== (spelling.numerics ?? "rounding")) continue;
    if (lacking !== undefined && !maySpell(spelling, lacking, opset)) continue;
    if (!isPossibleAround(spelling, node)) continue;
    context ??= { facts, root: node, dtype: facts.dtype(output), opset };
    const compound = readSpelling(spelling, context);
    if (compound !== undefined) yield compound;
  }
}

/** What is known of the spellings in a model, for one state of its operators. */
interface Possible {
  readonly state: number;
  readonly spellings: Map<Spelling, boolean>;
}

const POSSIBLE = new WeakMap<Scope, Possible>();

/** Whether the model has the operators that the spelling is made of. */
function isPossibleAround(spelling: Spelling, node: Node): boolean {
  const scope = node.graph?.scope;
  if (scope === undefined) return false;
  let known = POSSIBLE.get(scope);
  if (known === undefined || known.state !== scope.operatorsState) {
    known = { state: scope.operatorsState, spellings: new Map() };
    POSSIBLE.set(scope, known);
  }
  let answer = known.spellings.get(spelling);
  if (answer === undefined) {
    answer = isPossible(spelling.read, (opType) => scope.hasOperator(opType));
    known.spellings.set(spelling, answer);
  }
  return answer;
}

function maySpell({ spells = [] }: Spelling, lacking: ReadonlySet<StandardOperator>, opset: number): boolean {
  return spells.some((name) => lacking.has(name) && (OPERATORS[name].since[0] ?? 0) > opset);
}
