import { present } from "../../src/base/assert.js";
import type { Node } from "../../src/ir/graph.js";
import type { AbsorbUp, AffineFacets } from "../../src/rules/affine/facet.js";
import { constant, graphText, normalization, normalize } from "../support/text.js";
import { absorbs, before, lifts, mistakes, reordered, withConstant } from "./break.js";
import type { Break, Mutant } from "./stage.js";

const LAYERS = 12;
const CHANNELS = 8;

/** Conv, BatchNormalization and Relu, LAYERS times, every second one with a shortcut around the last two, and a head. */
function residualNetwork(): string {
  const constants: string[] = [];
  const nodes: string[] = [];
  let [last, shortcut] = ["x", "x"];
  for (let layer = 1; layer <= LAYERS; layer++) {
    constants.push(
      constant(`W${layer}`, [CHANNELS, CHANNELS, 3, 3], { low: -0.2, high: 0.2 }),
      constant(`b${layer}`, [CHANNELS], { low: -0.2, high: 0.2 }),
      normalization(`bn${layer}`, CHANNELS),
    );
    nodes.push(`c${layer} = Conv <pads = [1, 1, 1, 1]> (${last}, W${layer}, b${layer})`);
    nodes.push(normalize(`n${layer}`, `c${layer}`, `bn${layer}`));
    const joins = layer % 2 === 0;
    if (joins) nodes.push(`s${layer} = Add (n${layer}, ${shortcut})`);
    nodes.push(`r${layer} = Relu (${joins ? "s" : "n"}${layer})`);
    last = `r${layer}`;
    if (joins) shortcut = last;
  }
  constants.push(constant("V", [CHANNELS, 5]), constant("a", [5]));
  nodes.push(`p = GlobalAveragePool (${last}) f = Flatten (p) y = Gemm (f, V, a)`);
  return graphText(`float[N,${CHANNELS},6,6] x`, constants, nodes.join(" "));
}

/** The copy stands in for nodes of one layer alone. */
function inLayer(layer: number, broken: Break<AffineFacets>): Break<AffineFacets> {
  const isThere = (node: Node): boolean =>
    node.inputs.some((value) => value?.name === `W${layer}` || value?.name === `bn${layer}_var`);
  return (real) => {
    const wrong = broken(real);
    const absorbUp: AbsorbUp = (node, placed, facts) =>
      present((isThere(node) ? wrong : real).absorbUp, "it absorbs")(node, placed, facts);
    return {
      ...real,
      lift: (node, facts) => (isThere(node) ? wrong : real).lift?.(node, facts),
      ...(real.absorbUp && { absorbUp }),
    };
  };
}

const MODEL = residualNetwork();

const IN_CONV: Readonly<Record<string, Break<AffineFacets>>> = {
  "the bias is not scaled": absorbs((right, node, { map }) =>
    withConstant(right, 2, () => before(node, 2).map((b, c) => b + (map.shift[c] ?? NaN))),
  ),
  "the old bias is forgotten": absorbs((right, _, { map }) => withConstant(right, 2, () => map.shift)),
  "the bias of one channel is forgotten": absorbs((right, _, { map }) =>
    withConstant(right, 2, (b) => b.map((value, c) => (c === 3 ? (map.shift[c] ?? NaN) : value))),
  ),
  "two neighbouring channels are swapped": mistakes((placed) => reordered(placed, (c) => [1, 0][c] ?? c)),
};

function epsilon(value: number): Break<AffineFacets> {
  return lifts((right) => {
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => before(right.node, index));
    const scale = right.map.scale.map(
      (_, c) => (gamma?.[c] ?? NaN) / Math.sqrt((variance?.[c] ?? NaN) + value),
    );
    const shift = scale.map((s, c) => (beta?.[c] ?? NaN) - (mean?.[c] ?? NaN) * s);
    return { ...right, map: { scale, shift } };
  });
}

/** A rule that is wrong in one place of a network, or so little in each that only rounding is smaller. */
export const DEEP: readonly Mutant[] = [
  ...[1, 12].flatMap((layer) =>
    Object.entries(IN_CONV).map(
      ([name, broken]): Mutant => ({
        name: `${name} in layer ${layer} of ${LAYERS}`,
        also: ["fold-affine-down"],
        model: MODEL,
        broken: { facets: { Conv: inLayer(layer, broken) } },
      }),
    ),
  ),
  {
    name: `epsilon is ten times too large in layer 6 of ${LAYERS}`,
    model: MODEL,
    broken: { facets: { BatchNormalization: inLayer(6, epsilon(1e-4)) } },
  },
];
