import { present } from "../../src/base/assert.js";
import { isFloat } from "../../src/ir/dtype.js";
import type { StandardOperator } from "../../src/ir/operator-name.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import type { Pass, Rule } from "../../src/rewrite/pass.js";
import { readThrough } from "../../src/rewrite/read-through.js";
import { constant, graphText } from "../support/text.js";
import { afterwards, lifts, weightOf } from "./break.js";
import type { Break, Mutant } from "./stage.js";

/** Every node of the type counts as one without effect. */
function skips(opType: StandardOperator): Break<Pass> {
  const match: Rule["match"] = (node) => {
    const [input, output] = [node.input(0), node.output(0)];
    if (!node.is(opType) || input === undefined || output === undefined) return undefined;
    return readThrough(node, output, input, "changes nothing");
  };
  return (real) => ({ ...real, kind: "rules", rules: [{ match }] });
}

/** A Softmax between two Reshapes works without them. */
const overlooksMixing: Break<Pass> = (real) => {
  const match: Rule["match"] = (node) => {
    const [middle, output] = [node.input(0), node.output(0)];
    const softmax = middle?.producer;
    const source = softmax?.input(0)?.producer?.input(0);
    if (!node.is("Reshape") || !softmax?.is("Softmax") || output === undefined) return undefined;
    if (middle === undefined || source === undefined) return undefined;
    return {
      kind: "rewrite",
      summary: `${softmax.label} needs no view`,
      apply: (rewriter) => {
        rewriter.setInput(softmax, 0, source);
        rewriter.replaceUses(output, middle);
        rewriter.removeNode(node);
      },
    };
  };
  return { ...real, kind: "rules", rules: [{ match }] };
};

/** The rules that clean up. */
export const CLEANING: readonly Mutant[] = [
  {
    name: "no-ops: a Transpose of equal sizes is one",
    pass: "eliminate-no-op-movement",
    model: graphText(
      "float[N,4,4] x",
      [],
      "t = Transpose <perm = [0, 2, 1]> (x) u = Transpose <perm = [0, 1, 2]> (t) y = Relu (u)",
    ),
    broken: { passes: { "eliminate-no-op-movement": skips("Transpose") } },
  },
  {
    name: "no-ops: a Slice that turns an axis around is one",
    pass: "eliminate-no-op-movement",
    model: graphText(
      "float[N,4,5] x",
      [
        "int64[1] from = {-1}, int64[1] to = {-99}, int64[1] axes = {1}, int64[1] back = {-1}",
        "int64[1] zero = {0}, int64[1] all = {4}",
      ],
      "t = Slice (x, from, to, axes, back) u = Slice (t, zero, all, axes) y = Relu (u)",
    ),
    broken: { passes: { "eliminate-no-op-movement": skips("Slice") } },
  },
  {
    name: "views: a Softmax works in either shape",
    pass: "eliminate-views",
    model: graphText(
      "float[N,4,5] x",
      ["int64[3] t = {-1, 5, 4}, int64[3] u = {-1, 4, 5}"],
      `a = Reshape (x, t) b = Softmax (a) c = Reshape (b, u)
       d = Reshape (x, t) e = Tanh (d) f = Reshape (e, u) y = Add (c, f)`,
    ),
    broken: { passes: { "eliminate-views": overlooksMixing } },
  },
  {
    name: "neutral: a shift is taken for none",
    pass: "eliminate-neutral-affine",
    also: ["fold-affine-down"],
    model: graphText(
      "float[N,4,5] x",
      ["float[1] zero = {0}", constant("k", [5])],
      "a = Add (x, zero) r = Relu (a) y = Add (r, k)",
    ),
    broken: {
      facets: {
        Add: lifts((right) => ({
          ...right,
          map: { scale: right.map.scale, shift: right.map.shift.map(() => 0) },
        })),
      },
    },
  },
  {
    name: "constants: the result comes with the wrong sign",
    pass: "fold-constants",
    model: graphText("float[N,4,5] x", [constant("K", [4, 5])], "k = Sin (K) y = Mul (x, k)"),
    broken: {
      functions: {
        evaluateConstants: (real) => async (runtime, constants, outputs) => {
          const right = await real(runtime, constants, outputs);
          return new Map(
            [...right].map(([name, tensor]) => {
              const { dtype, dims } = tensor;
              return [
                name,
                isFloat(dtype)
                  ? tensorFromNumbers(
                      dtype,
                      dims,
                      tensor.toFloat64().map((v) => -v),
                    )
                  : tensor,
              ];
            }),
          );
        },
      },
    },
  },
  {
    name: "reshape: two sizes of the target are swapped",
    pass: "simplify-reshape",
    model: graphText(
      "float[N,4,6] x",
      ["int64[1] zero = {0}", "int64[2] rest = {3, 8}"],
      "s = Shape (x) n = Gather (s, zero) t = Concat <axis = 0> (n, rest) r = Reshape (x, t) y = Relu (r)",
    ),
    broken: {
      passes: {
        "simplify-reshape": afterwards((reshape, rewriter) => {
          const [first, second, third] = weightOf(reshape).toFloat64();
          const sizes = [first, third, second].map((size) => present(size, "a size"));
          rewriter.setConstant(reshape, 1, tensorFromNumbers("int64", [3], sizes), "target");
        }),
      },
    },
  },
];
