import { expect, it } from "vitest";
import { signed } from "../../support/affine-cases.js";
import { rewrite } from "../../support/rewrite.js";
import { constant, graphText, normalize } from "../../support/text.js";

const bn = normalize("a", "x", "bn");

it("fold-affine-down alone costs no more operators: one product has an Add for the shift, the other needs one", async () => {
  const { ops, original } = await rewrite(
    graphText(
      "float[2,4,6] x",
      [
        signed("bn", 4),
        constant("K", [4, 1]),
        constant("Q", [4, 1]),
        constant("q", [1]),
        "float c = {0.489352}",
      ],
      `${bn} t = Transpose <perm = [2, 0, 1]> (a) k = MatMul (t, K) m = MatMul (t, Q) s = Add (m, q)
       u = Transpose <perm = [0, 2, 1]> (s) p = MatMul (k, u) y = Mul (p, c)`,
    ),
    { passes: ["fold-affine-down", "fuse-gemm"] },
  );
  expect(ops.length).toBeLessThanOrEqual([...original.nodes()].length);
});
