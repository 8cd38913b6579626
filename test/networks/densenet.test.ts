import { describe, expect, it } from "vitest";
import { optimize } from "../../src/index.js";
import type { Node } from "../../src/ir/graph.js";
import type { RefusalRecord } from "../../src/rewrite/pass.js";
import { densenet121 } from "./densenet.js";

/** The place of the 62 normalizations: behind a value with other readers, in front of a Relu. */
const BEHIND = { MaxPool: 1, Concat: 58, AveragePool: 3 };

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

describe("DenseNet-121 with Caffe's Mul and Add behind each of 121 normalizations", () => {
  it.each([
    // A negative scale goes through no Relu: the map stays whole.
    ["gammas of both signs", "mixed", "BatchNormalization", "scale-is-negative"],
    // A positive one goes through into the Conv behind: the shift stays, unless onnxruntime would leave its blocked layout.
    ["positive gammas", "positive", "Add", "shift-does-not-pass"],
    ["positive gammas in blocks", "positive", "BatchNormalization", "shift-does-not-pass"],
  ] as const)(
    "%s: 62 are left, each one node, and the report says why of each",
    async (_, signs, kind, below) => {
      const { model, report } = await optimize(densenet121(signs), {
        target: kind === "Add" ? "any" : "onnxruntime",
      });
      expect([report.before.batchNormalizations, report.before.operators["Mul"]]).toEqual([121, 121]);
      expect(report.rolledBack).toEqual([]);
      expect(report.check?.status, report.check?.reason).toBe("equal");
      // The best peer leaves 368 nodes, and that for a network without Caffe's Mul and Add.
      // In onnxruntime's layout the pooling at the end stays two nodes, which are faster than one outside of it.
      expect(report.after.nodes).toBeLessThanOrEqual(kind === "Add" ? 367 : 368);

      const left = [...model.graph.nodes()].filter((node) => node.is("BatchNormalization", "Mul", "Add"));
      expect(new Set(left.map(({ opType }) => opType))).toEqual(new Set([kind]));
      expect(tally(left.map((node) => node.input(0)?.producer?.opType ?? ""))).toEqual(BEHIND);
      const why = (node: Node, pass: string): RefusalRecord | undefined =>
        report.refusals.find((each) => each.pass === pass && each.node === node.label);
      for (const node of left) {
        const [behind] = node.output(0)?.users ?? [];
        expect(behind?.opType).toBe("Relu");
        expect(why(node, "fold-affine-up")).toMatchObject({
          id: "output-has-other-uses",
          reason: expect.stringMatching(/of (MaxPool|Concat|AveragePool) "\w+" has 1 other use$/),
        });
        expect(why(node, "fold-affine-down")).toMatchObject({
          id: below,
          reason: expect.stringMatching(/^Relu "\w+": /),
        });
      }
    },
    20_000,
  );
});
