import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import type { Node } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { constantTensor } from "../src/rules/constants.js";
import { type MaybeDim, sameDim } from "../src/rules/dims.js";
import { normalAxis } from "../src/rules/shapes.js";

const SENTENCES = {
  sizesComeFromRegion: (): string => "tf_crop_and_resize takes its sizes from the region of interest",
  sizesAreBounds: (): string => "its sizes are bounds, of which one is reached (keep_aspect_ratio_policy)",
  scalesAreNotExact: (): string => "a size neither repeats the input's nor is a number with an exact scale",
} as const;

/** Why sizes stay. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Give Resize constant scales where its sizes are computed from shapes.
 *
 *   before   s = Shape(x)  n = Slice(s, [0], [2])  t = Concat(n, [28, 28])
 *            y = Resize(x, , , t)                       # x: [N, 72, 14, 14]
 *   after    y = Resize(x, , [1, 1, 2, 2])
 *
 * Source     ONNX Resize-11 to -19: sizes mean the scales size / input's size, in float32
 * Requires   each size repeats the input's, or both are numbers and the scale gives the size back exactly
 * Refuses    tf_crop_and_resize, a policy that keeps the aspect ratio, a scale that rounds to another size
 * Numerics   exact: kernels divide the same way
 */
export const simplifyResize: Pass = {
  kind: "rules",
  name: "simplify-resize",
  summary: "Resize gets constant scales for sizes that are computed",
  before: "s = Shape(x)  n = Slice(s, [0], [2])  t = Concat(n, [28, 28])  y = Resize(x, , , t)",
  after: "y = Resize(x, , [1, 1, 2, 2])",
  numerics: "exact",
  specials: { mayChange: [], because: "the same scales" },
  order: "any place",
  refusals,
  rules: [{ operators: ["Resize"], match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [data, sizes] = [node.input(0), node.input(3)];
  const { graph } = node;
  if (!node.is("Resize") || data === undefined || sizes === undefined || graph === undefined)
    return undefined;
  if (node.hasReferences || facts.isCall(node) || constantTensor(sizes) !== undefined) return undefined;
  const [elements, shape] = [facts.elements(sizes), facts.shape(data)];
  if (elements === undefined || shape === undefined) return undefined;
  if (node.string("coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize")
    return refusals.sizesComeFromRegion();
  if (node.string("keep_aspect_ratio_policy", "stretch") !== "stretch") return refusals.sizesAreBounds();
  const axes = node.ints("axes") ?? shape.map((_, axis) => axis);
  const scales = elements.map((size, i) => {
    const axis = normalAxis(axes[i], shape.length);
    return axis === undefined ? undefined : scaleOf(size, shape[axis]);
  });
  const known = scales.filter((scale) => scale !== undefined);
  if (known.length < scales.length) return refusals.scalesAreNotExact();
  return {
    kind: "rewrite",
    summary: `${node.label} gets the scales [${known.join(", ")}]`,
    apply: (rewriter) => {
      const tensor = tensorFromNumbers("float", [known.length], known);
      rewriter.setInput(node, 2, rewriter.addConstant(graph, `${sizes.name}_scales`, tensor, node));
      rewriter.leaveOut(node, 3);
    },
  };
}

/** The float32 scale from size `from` to size `to`, if multiplying by it gives exactly `to`. */
function scaleOf(to: MaybeDim, from: MaybeDim): number | undefined {
  if (sameDim(to, from)) return 1;
  if (typeof to !== "number" || typeof from !== "number" || to <= 0 || from <= 0) return undefined;
  const scale = Math.fround(to / from);
  return Math.floor(Math.fround(scale * from)) === to ? scale : undefined;
}
