import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/base/random.js";
import { isRefusal } from "../../../src/base/refusal.js";
import { referenceTensor } from "../../../src/float64/tensor.js";
import type { Model } from "../../../src/ir/model.js";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { evaluateReference } from "../../../src/reference/evaluate.js";
import {
  affineCase,
  type Build,
  convolution,
  type Expectation,
  image,
  SIZES,
  type Sizes,
  signed,
  textOf,
} from "../../support/affine-cases.js";
import { evaluate, modelOf } from "../../support/rewrite.js";
import { constant, normalize } from "../../support/text.js";

/** One graph of a row, in both sizes. */
export interface PeerCase extends Expectation {
  readonly name: string;
  readonly build: Build;
}

/** A row of the comparison with peers: a pattern that they fold or break. */
export interface PeerRow {
  readonly text: string;
  readonly applied: readonly PeerCase[];
  readonly refused: readonly PeerCase[];
}

export type PeerRows = Readonly<Record<number, PeerRow>>;

/** The passes that fold, without those that write operators in other forms, as far as they go for any runtime. */
const FOLDS = {
  target: "any",
  passes: [
    "lift-constants",
    "eliminate-identity",
    "eliminate-dropout",
    "fold-constants",
    "compose-affine",
    "fold-affine-up",
    "fold-affine-down",
    "eliminate-dead",
  ],
  opset: 17,
} as const;

export function applied(
  name: string,
  build: Build,
  left: readonly string[],
  options: Omit<Expectation, "left"> = {},
): PeerCase {
  return { ...FOLDS, ...options, name, build, left };
}

export function refused(
  name: string,
  build: Build,
  reason: string | RegExp,
  options: Expectation = {},
): PeerCase {
  return { ...FOLDS, ...options, name, build, refused: reason };
}

export function describeRows(rows: PeerRows): void {
  for (const [number, row] of Object.entries(rows)) {
    describe(`row ${number}: ${row.text}`, () => {
      for (const [kind, cases] of [
        ["applied", row.applied],
        ["refused", row.refused],
      ] as const) {
        for (const { name, build, ...expectation } of cases)
          affineCase(`${kind}: ${name}`, build, expectation);
      }
      for (const { name, build, ...options } of row.applied.filter(
        ({ runnable }) => runnable !== undefined,
      )) {
        it.each(Object.entries(SIZES))(`applied: ${name}, in float64, %s`, async (_, sizes) => {
          const original = modelOf(textOf(build(sizes), options.opset), options.opset);
          const { model } = await rewriteModel(original, options, { evaluate });
          expect(distance(original, model)).toBeLessThan(HALF_ROUNDING);
        });
      }
      it("has a bias in every case", () => {
        for (const { build, opset } of [...row.applied, ...row.refused]) {
          for (const sizes of Object.values(SIZES)) {
            const nodes = [...modelOf(textOf(build(sizes), opset), opset).nodes()];
            const linear = nodes.filter((node) => node.is("Conv", "ConvTranspose", "Gemm"));
            expect(linear.length === 0 || linear.some((node) => node.input(2) !== undefined)).toBe(true);
          }
        }
      });
    });
  }
}

/** Folded constants are rounded to float16, some of them; outputs are a few times larger than what they are summed of. */
const HALF_ROUNDING = 2 ** -9;

/** The largest difference of y in float64, in units of its largest magnitude, for models that onnxruntime has no kernel for. */
function distance(original: Model, result: Model): number {
  const random = createRandom(5);
  const feeds = new Map(
    original.graph.inputs.map(({ name, type }) => {
      if (type?.kind !== "tensor" || type.shape === undefined) throw new Error(`no shape of ${name}`);
      const dims = type.shape.map((dim) => (typeof dim === "number" ? dim : 2));
      const size = dims.reduce((product, dim) => product * dim, 1);
      return [
        name,
        referenceTensor(
          type.dtype,
          dims,
          Float64Array.from({ length: size }, () => random.normal()),
        ),
      ];
    }),
  );
  const [before, after] = [original, result].map((model) => {
    const outputs = evaluateReference(model, feeds);
    return isRefusal(outputs) ? undefined : outputs.get("y")?.data;
  });
  if (before === undefined || after === undefined) throw new Error("the float64 evaluator refuses the model");
  const magnitude = Math.max(...before.map(Math.abs));
  return Math.max(...before.map((value, i) => Math.abs(value - (after[i] ?? Number.NaN)))) / magnitude;
}

/** A Conv of x to c with a bias, and what follows it. */
export function behind(
  nodes: string,
  constants: (z: Sizes) => readonly string[] = (z) => [signed("bn", z.K)],
  outputs = "y",
): Build {
  return (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K, [2, 3]), ...constants(z)],
    nodes: `c = Conv <pads = [1, 0, 0, 1]> (x, f_W, f_b) ${nodes}`,
    outputs,
  });
}

export const normalized = normalize("y", "c", "bn");
export const ABOVE = (z: Sizes): string[] => [constant("k", [z.K, 1, 1], { low: 0.5, high: 2 })];
export const IS_OUTPUT = "value-is-graph-output";
export const READ_TWICE = /1 other use/;
