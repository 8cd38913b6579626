import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { constantTensor } from "../src/rules/constants.js";
import { type SymDim, sameDim } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

const SENTENCES = {
  zerosAreSizes: (): string => "it takes sizes of zero at their word (allowzero)",
  severalSizesAreDynamic: (): string =>
    "several sizes of its target are dynamic, and not all repeat its input's",
} as const;

/** Why a computed target stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Give Reshape a constant target where its target is computed from shapes.
 *
 *   before   s = Shape(x)  n = Gather(s, 0)  u = Unsqueeze(n)  t = Concat(u, 2, 29, 28, 28)
 *            y = Reshape(x, t)
 *   after    y = Reshape(x, [-1, 2, 29, 28, 28])
 *
 * A single symbolic size becomes -1, also where the -1 of the target stands for a number that can be computed; several
 * symbolic sizes become 0 where each repeats the input's size along its axis.
 *
 * Source     ONNX Reshape-5 to -25: -1 takes the remaining elements, 0 copies the input's size (allowzero = 0)
 * Requires   every element of the target known, as a number or an expression of sizes
 * Refuses    several symbolic sizes that do not all repeat the input's; allowzero
 * Numerics   exact
 */
export const simplifyReshape: Pass = {
  kind: "rules",
  name: "simplify-reshape",
  summary: "Reshape gets a constant target, with -1 for a dynamic size",
  before: "s = Shape(x)  n = Gather(s, 0)  t = Concat(n, c)  y = Reshape(x, t)",
  after: "y = Reshape(x, [-1, 2, 29, 28, 28])",
  numerics: "exact",
  specials: { mayChange: [], because: "elements stay in order" },
  order: "any place",
  refusals,
  rules: [{ operators: ["Reshape"], match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [data, target] = [node.input(0), node.input(1)];
  const { graph } = node;
  if (!node.is("Reshape") || data === undefined || target === undefined || graph === undefined)
    return undefined;
  if (constantTensor(target) !== undefined) return undefined;
  const elements = facts.elements(target);
  if (elements === undefined) return undefined;
  if (node.int("allowzero", 0) !== 0) return refusals.zerosAreSizes();
  const settled = constantTarget(withoutRemainder(elements, node, facts), data, facts);
  if (settled === undefined) return refusals.severalSizesAreDynamic();
  const tensor = tensorFromNumbers("int64", [settled.length], settled);
  return {
    kind: "rewrite",
    summary: `${node.label} gets the target [${settled.join(", ")}]`,
    apply: (rewriter) => {
      rewriter.setInput(node, 1, rewriter.addConstant(graph, target.name, tensor, node));
    },
  };
}

/** The target with the number that its -1 stands for, if that is known and not zero, which would copy a size instead. */
function withoutRemainder(elements: readonly SymDim[], node: Node, facts: Facts): readonly SymDim[] {
  const output = node.output(0);
  const shape = output && facts.shape(output);
  return elements.map((element, axis) => {
    const size = shape?.[axis];
    return element === -1 && typeof size === "number" && size > 0 ? size : element;
  });
}

/**
 * A single dynamic size becomes -1; several, or one beside a -1 that is there already, must each repeat the input's size.
 * No -1 is put beside copies, because a copied size may be zero.
 */
function constantTarget(elements: readonly SymDim[], data: Value, facts: Facts): number[] | undefined {
  const dynamic = elements.filter((element) => typeof element !== "number").length;
  const plain = elements.every((element) => typeof element !== "number" || element > 0);
  if (dynamic === 1 && plain) return elements.map((element) => (typeof element === "number" ? element : -1));
  const input = facts.shape(data);
  const target = elements.map((element, axis) =>
    typeof element === "number" ? element : sameDim(element, input?.[axis]) ? 0 : undefined,
  );
  const known = target.filter((size) => size !== undefined);
  return known.length === target.length ? known : undefined;
}
