import type { Refusal } from "../src/base/refusal.js";
import type { Node } from "../src/ir/graph.js";
import { compoundEnds } from "../src/patterns/recognize.js";
import { fuseCompound } from "../src/rewrite/fuse-compound.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";

/**
 * Replace operators that spell out another operator by that one, where it gives the same bits.
 *
 *   before   a = Reshape (x, [1, 3, 2, 2, 5, 7])
 *            b = Transpose <perm = [0, 1, 4, 2, 5, 3]> (a)
 *            y = Reshape (b, [1, 3, 10, 14])
 *   after    y = DepthToSpace <blocksize = 2, mode = "CRD"> (x)
 *
 * DepthToSpace (both modes), SpaceToDepth; Relu from Max with 0; Clip from Min and Max; Cast from a CastLike of known type.
 *
 * Source     ONNX DepthToSpace-13, SpaceToDepth-13, Clip-13
 * Requires   all shapes proven, symbolic sizes included; bounds that are scalars and do not cross
 * Refuses    a value inside that is used elsewhere; mode CRD before opset 11
 * Numerics   exact
 */
export const fuseExactOperators: Pass = {
  kind: "rules",
  name: "fuse-exact-operators",
  summary: "DepthToSpace, SpaceToDepth, Relu and Clip that are spelled out become one operator",
  before: "a = Reshape(x, t)  b = Transpose(a)  y = Reshape(b, u)",
  after: "y = DepthToSpace(x)",
  numerics: "exact",
  specials: {
    mayChange: ["negative-zero"],
    because: "Max(-0, 0) is 0, but Relu and Clip keep -0",
  },
  order: { after: { "fold-affine-up": "Min and Max let more maps through than Clip and Relu" } },
  rules: [{ operators: compoundEnds("exact"), match }],
};

function match(node: Node, view: View): Proposal | Refusal | undefined {
  return fuseCompound(node, view, "exact");
}
