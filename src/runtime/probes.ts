import { Callees } from "../ir/callees.js";
import { cloneModel } from "../ir/clone.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { declarationOf, hasTrait } from "../ops/catalogue.js";
import type { OutputReport } from "./check-report.js";
import { hiddenValues } from "./cuts.js";

/**
 * Operators that hide differences: a saturated Softmax or an ArgMax gives the same output for very different inputs. Their
 * inputs can be compared too, because no rewrite moves a scale or a shift across such an operator.
 */
function flattens(node: Node): boolean {
  return hasTrait(node, "saturates") || hasTrait(node, "indexOfExtremum");
}

/** Operators whose output holds the elements of their input, in another place or type. */
function hasSameElements(node: Node): boolean {
  return hasTrait(node, "rearranges") || node.is("Cast");
}

/** An output that is a smooth function of a probe, and the largest slope of this function. */
export interface Flattened {
  readonly probe: string;
  readonly slope: number;
}

/** Operators of data movement between a flattening one and the output. */
const MAX_HOPS = 4;

/**
 * The names of the values that go into a flattening operator whose result is an output of the model, and of those that choices
 * are made by of which an output is made. Comparing them too shows differences that the output hides.
 */
export function probesOf(model: Model): string[] {
  const callees = new Callees(model);
  const names = model.graph.outputs.flatMap((output) => {
    const probed = flattening(output, callees)?.input(0);
    return probed?.producer === undefined || probed.graph !== model.graph || probed.isGraphOutput
      ? []
      : [probed.name];
  });
  return [...new Set([...names, ...hiddenValues(model)])];
}

/** For each output the value that it flattens. */
export function flattenedOutputs(model: Model): ReadonlyMap<string, Flattened> {
  const callees = new Callees(model);
  return new Map(
    model.graph.outputs.flatMap((output) => {
      const node = flattening(output, callees);
      const [probed, slope] = [node?.input(0), node && declarationOf(node)?.steepest];
      return probed === undefined || slope === undefined
        ? []
        : [[output.name, { probe: probed.name, slope }] as const];
    }),
  );
}

/** The flattening operator that an output comes from, up to data movement. */
function flattening({ producer }: Value, callees: Callees): Node | undefined {
  let node = producer;
  for (let hop = 0; hop < MAX_HOPS && node !== undefined && hasSameElements(node); hop++) {
    if (callees.isCall(node)) return undefined;
    node = node.input(0)?.producer;
  }
  return node !== undefined && flattens(node) && !callees.isCall(node) ? node : undefined;
}

/** A copy of the model with the named values as further outputs, as far as it has them. */
export function withProbes(model: Model, names: readonly string[]): Model {
  if (names.length === 0) return model;
  const probed = cloneModel(model);
  const values = new Map<string, Value>();
  for (const node of probed.graph.nodes()) {
    for (const value of node.outputs) if (value !== null) values.set(value.name, value);
  }
  for (const name of names) {
    const value = values.get(name);
    if (value !== undefined && !value.isGraphOutput) probed.graph.addOutput(value);
  }
  return probed;
}

/**
 * An output that differs by more than rounding of its own size counts as equal where the input of its Softmax or Sigmoid
 * is equal and differs by enough to explain it: logits of 50 are known to a few millionths of 50, and so are their
 * exponents.
 */
export function besideProbe(
  report: OutputReport,
  all: readonly OutputReport[],
  flattened: ReadonlyMap<string, Flattened>,
): OutputReport {
  const { name, comparison, verdict, tolerance } = report;
  const { probe, slope } = flattened.get(name) ?? { probe: undefined, slope: 0 };
  const before = all.find((other) => other.name === probe);
  const isRounding = comparison.mismatch === undefined && comparison.nonFinite === 0;
  if (verdict !== "differs" || !isRounding || before?.verdict !== "equal" || before.tolerance.outliers > 0)
    return report;
  const difference = before.comparison.maxAbsolute;
  const absolute = slope * difference + tolerance.absolute;
  if (comparison.maxAbsolute > absolute) return report;
  const relative = absolute / (comparison.scale || 1);
  const why = `"${before.name}", which it is made of, is equal and ${difference.toExponential(1)} off`;
  return {
    name,
    comparison,
    verdict: "equal",
    reason: undefined,
    tolerance: { relative, absolute, outliers: 0, why },
  };
}
