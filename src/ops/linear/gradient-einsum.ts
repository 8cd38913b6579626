import type { Refusal } from "../../base/refusal.js";
import type { Value } from "../../ir/graph.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { joinSizes, range, sizesOf } from "../../rules/gradient/sizes.js";
import { scalarLike, shapeOf, sumTo } from "../../rules/gradient/support.js";
import { refusals } from "./refusals.js";

interface Equation {
  readonly operands: readonly string[];
  readonly output: string;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The equation with letters for the axes of an ellipsis, and with an explicit output. */
function readEquation(c: GradientContext): Equation | Refusal {
  const { node, facts } = c;
  const text = node.string("equation", "").replaceAll(/\s/g, "");
  const [inputs = "", given] = text.split("->");
  const once = [...new Set(inputs.replaceAll(/[.,]/g, ""))].filter(
    (letter) => inputs.indexOf(letter) === inputs.lastIndexOf(letter),
  );
  const output = given ?? (inputs.includes("...") ? "..." : "") + once.sort().join("");
  const free = [...LETTERS].filter((letter) => !text.includes(letter));
  let hidden = "";
  const operands: string[] = [];
  for (const [index, term] of inputs.split(",").entries()) {
    if (!term.includes("...")) {
      operands.push(term);
      continue;
    }
    const rank = facts.rank(c.input(index));
    if (rank === undefined) return refusals.ellipsisRankIsUnknown();
    const count = rank - term.length + 3;
    const letters = free.slice(0, count).reverse().join("");
    if (letters.length > hidden.length) hidden = letters;
    operands.push(term.replace("...", letters));
  }
  return { operands, output: output.replace("...", hidden) };
}

function repeatsALabel(term: string): boolean {
  return new Set(term).size !== term.length;
}

/**
 * The gradient of an operand is the same sum of products, with g in the place of the operand and the operand's labels as output. Of an
 * operand with a label twice, only the diagonal has a part in the result.
 */
export const einsum: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const equation = readEquation(c);
  if ("kind" in equation) return equation;
  const { operands, output } = equation;
  if (repeatsALabel(output)) return refusals.labelIsRepeated();
  return operands.map((labels, index) => {
    if (!c.needs(index)) return undefined;
    const others = range(operands.length).filter((other) => other !== index);
    const sources = [output, ...others.map((other) => operands[other] ?? "")];
    const kept = [...new Set(labels)]
      .filter((label) => sources.some((source) => source.includes(label)))
      .join("");
    const product = c.build.op("Einsum", [g, ...others.map((other) => c.input(other))], {
      equation: `${sources.join(",")}->${kept}`,
    });
    if (repeatsALabel(labels)) return onDiagonal(c, product, kept, labels, c.input(index));
    return spreadOver(c, product, kept, labels, c.input(index));
  });
};

/** Along labels that only this operand has, its gradient is repeated; along axes where the operand was broadcast, it is summed. */
function spreadOver(c: GradientContext, product: Value, kept: string, labels: string, operand: Value): Value {
  const { build } = c;
  const own = range(labels.length).filter((axis) => !kept.includes(labels[axis] ?? ""));
  if (own.length === 0) return sumTo(c, product, operand);
  const wide = build.op("Unsqueeze", [product, build.ints(own)]);
  const sizes = range(labels.length).map((axis) =>
    own.includes(axis) ? sizesOf(c, operand, axis, axis + 1) : 1,
  );
  const repeated = build.op("Expand", [wide, joinSizes(c, sizes)]);
  return kept === "" ? build.op("Expand", [product, shapeOf(c, operand)]) : sumTo(c, repeated, operand);
}

/** Puts the gradient where all places of a label are equal, and zeros elsewhere. `product` has the labels `kept`, each once. */
function onDiagonal(c: GradientContext, product: Value, kept: string, labels: string, operand: Value): Value {
  const { build } = c;
  const axes = range(labels.length);
  const sizeOf = (axis: number): Value => sizesOf(c, operand, axis, axis + 1);
  const isFirst = (axis: number): boolean => labels.indexOf(labels[axis] ?? "") === axis;
  const lies = axes.filter((axis) => isFirst(axis) && kept.includes(labels[axis] ?? ""));
  const absent = axes.filter((axis) => !lies.includes(axis));
  const placed = absent.length === 0 ? product : build.op("Unsqueeze", [product, build.ints(absent)]);
  let inside: Value | undefined;
  for (const axis of axes) {
    if (isFirst(axis)) continue;
    const along = (which: number): Value => {
      const places = build.op("Range", [build.int(0), build.op("Squeeze", [sizeOf(which)]), build.int(1)]);
      const rest = axes.filter((other) => other !== which);
      return build.op("Unsqueeze", [places, build.ints(rest)]);
    };
    const here = build.op("Equal", [along(labels.indexOf(labels[axis] ?? "")), along(axis)]);
    inside = inside === undefined ? here : build.op("And", [inside, here]);
  }
  const spread = build.op("Expand", [placed, shapeOf(c, operand)]);
  return inside === undefined ? spread : build.op("Where", [inside, spread, scalarLike(c, 0, operand)]);
}
