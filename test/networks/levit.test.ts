import { expect, it } from "vitest";
import { optimize } from "../../src/index.js";
import { levit128s } from "./levit.js";

it("LeViT-128S of real sizes: none of its 52 normalizations is left, and 221 nodes of 692, where the best peer leaves 478", async () => {
  const { report } = await optimize(levit128s());
  expect([report.before.nodes, report.before.batchNormalizations]).toEqual([692, 52]);
  expect(report.rolledBack).toEqual([]);
  expect(report.check?.status, report.check?.reason).toBe("equal");
  expect(report.after.batchNormalizations).toBe(0);
  expect(report.after.nodes).toBeLessThanOrEqual(221);
  const { MatMul = 0, Conv = 0, Gemm = 0 } = report.after.operators;
  expect([MatMul, Conv, Gemm]).toEqual([44, 4, 25]);
}, 30_000);
