import { forType, SPECIAL_VALUES, type SpecialValue } from "../base/special-values.js";
import type { AttributeInit } from "../ir/attribute.js";
import type { DType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Compound, CompoundInput } from "./compound.js";
import type { Context, Found } from "./found.js";
import { firstReading, type Matcher } from "./match.js";

/** The operator that a reading means, without its nodes. */
export interface Meaning {
  readonly opType: StandardOperator;
  readonly inputs: readonly CompoundInput[];
  readonly attributes?: Readonly<Record<string, AttributeInit>>;
  readonly since: number;
  /** The special values that this reading may change, where these hang on it. */
  readonly mayChange?: readonly SpecialValue[];
}

/** One operator and how it is spelled. */
export interface Spelling {
  /** The operators that the spelling can end in. */
  readonly ends: readonly StandardOperator[];
  /** The operators that it may spell, where that is known beforehand, so that nobody who looks for others reads it. */
  readonly spells?: readonly StandardOperator[];
  /** Element types for which the single operator is defined in every version and onnxruntime has it. */
  readonly dtypes: readonly DType[];
  readonly numerics?: Compound["numerics"];
  /** The special values that the operator may treat otherwise than the spelling. Default: none if exact, else all. */
  readonly mayChange?: readonly SpecialValue[];
  readonly read: Matcher;
  readonly meaning: (found: Found, context: Context) => Meaning | undefined;
}

export const HALF_AND_FLOAT: readonly DType[] = ["float", "float16"];
export const FLOATS: readonly DType[] = ["float", "float16", "double"];

export function readSpelling(spelling: Spelling, context: Context): Compound | undefined {
  const { dtype } = context;
  const { numerics = "rounding" } = spelling;
  if (dtype === undefined || !spelling.dtypes.includes(dtype)) return undefined;
  return firstReading(spelling.read, context, (found) => {
    const meaning = spelling.meaning(found, context);
    if (meaning === undefined) return undefined;
    const mayChange = forType(dtype, meaning.mayChange ?? spelling.mayChange ?? UNSAID[numerics]);
    return { attributes: {}, numerics, ...meaning, mayChange, nodes: inGraphOrder(found, context) };
  });
}

const UNSAID: Readonly<Record<Compound["numerics"], readonly SpecialValue[]>> = {
  exact: [],
  rounding: SPECIAL_VALUES,
};

/** Each node behind the nodes that it reads; the root is last. */
function inGraphOrder({ nodes }: Found, { root }: Context): Node[] {
  const ordered = new Set<Node>();
  const visit = (node: Node): void => {
    if (ordered.has(node)) return;
    for (const input of node.inputs) {
      const producer = input?.producer;
      if (producer !== undefined && nodes.has(producer)) visit(producer);
    }
    ordered.add(node);
  };
  visit(root);
  return [...ordered];
}

export function valueNamed(found: Found, name: string): Value | undefined {
  return found.values.get(name);
}

/** A number of the reading; NaN, which is near no number, if it has none of this name. */
export function numberOf(found: Found, name: string): number {
  return found.numbers.get(name) ?? Number.NaN;
}

/** The numbers as FLOAT attributes, whole ones too. */
export function withFloats(
  attributes: Readonly<Record<string, number | string>>,
): Readonly<Record<string, AttributeInit>> {
  const entries = Object.entries(attributes).map(([name, value]): [string, AttributeInit] => [
    name,
    typeof value === "number" ? { kind: "float", value } : value,
  ]);
  return Object.fromEntries(entries);
}
