import { expect, it } from "vitest";
import { expectRefusal, type Outcome, type RewriteCase, rewrite } from "./rewrite.js";
import { constant, graphText, literal, modelText, normalization, normalize } from "./text.js";

/** Sizes of the axes of a case: batch, channels, height, width, others. */
export interface Sizes {
  readonly N: number | "N";
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly K: number;
  readonly M: number;
}

/** Once all different, with a batch that is a symbol, and once all equal, where an axis is easily taken for another. */
export const SIZES: Readonly<Record<string, Sizes>> = {
  "all sizes different": { N: "N", C: 4, H: 6, W: 8, K: 5, M: 3 },
  "all sizes equal": { N: 4, C: 4, H: 4, W: 4, K: 4, M: 4 },
};

export interface AffineCase {
  readonly input: string;
  readonly constants: readonly string[];
  readonly nodes: string;
  readonly outputs?: string;
  /** The IR version, for a model with a header. */
  readonly ir?: number;
  /** Sizes of inputs that probing would not find. */
  readonly shapes?: RewriteCase["shapes"];
}

export type Build = (sizes: Sizes) => AffineCase;

export interface Expectation extends RewriteCase {
  /** Operators that are left, in order. */
  readonly left?: readonly string[];
  /** The reason of a refusal; without `left`, nothing is rewritten. */
  readonly refused?: string | RegExp;
}

export function textOf({ input, constants, nodes, outputs = "y", ir }: AffineCase, opset?: number): string {
  const graph = graphText(input, constants, nodes, outputs);
  return ir === undefined ? graph : modelText(graph, { ir, ...(opset !== undefined && { opset }) });
}

export function operatorsOf({ ops }: Pick<Outcome, "ops">): string[] {
  return ops.map((line) => / = (\w+)\(/.exec(line)?.[1] ?? line);
}

/** Runs a case in both sizes: rewritten, compared in onnxruntime, rewritten again (support/rewrite.ts asserts all that). */
export function affineCase(name: string, build: Build, expectation: Expectation): void {
  const { left, refused, ...options } = expectation;
  for (const [which, sizes] of Object.entries(SIZES)) {
    it(`${name}, ${which}`, async () => {
      const built = build(sizes);
      const outcome = await rewrite(textOf(built, options.opset), {
        ...options,
        ...(built.shapes !== undefined && { shapes: built.shapes }),
      });
      if (left !== undefined) expect(operatorsOf(outcome), outcome.refusalText).toEqual(left);
      if (refused === undefined) return;
      if (left === undefined) expect(outcome.rewrites.map(({ summary }) => summary)).toEqual([]);
      expectRefusal(outcome, refused);
    });
  }
}

export const UP = { passes: ["lift-constants", "fold-affine-up", "eliminate-dead"], opset: 17 };
export const image = ({ N, C, H, W }: Sizes): string => `float[${N},${C},${H},${W}] x`;
export const rows = ({ N, C }: Sizes): string => `float[${N},${C}] x`;
export const sequence = ({ N, C, H }: Sizes): string => `float[${N},${H},${C}] x`;

export function convolution(
  name: string,
  from: number,
  to: number,
  kernel: readonly number[] = [1, 1],
): string[] {
  return [constant(`${name}_W`, [to, from, ...kernel]), constant(`${name}_b`, [to])];
}

export const positive = (prefix: string, channels: number): string => normalization(prefix, channels);
export const signed = (prefix: string, channels: number): string =>
  [
    literal(
      `${prefix}_gamma`,
      [channels],
      Array.from({ length: channels }, (_, i) => (i % 2 === 0 ? 0.7 : -1.2)),
    ),
    constant(`${prefix}_beta`, [channels]),
    constant(`${prefix}_mean`, [channels]),
    constant(`${prefix}_var`, [channels], { low: 0.5, high: 2 }),
  ].join(", ");

export const bn = normalize("y", "t", "bn");

/** A Conv, then a node from "c" to "t", then a BatchNormalization of t. */
export function behindConv(
  name: string,
  node: string,
  expectation: { left?: readonly string[]; refused?: string | RegExp },
  make: (prefix: string, channels: number) => string = signed,
  constants: (z: Sizes) => readonly string[] = () => [],
  opset = 17,
): void {
  affineCase(
    name,
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 4), ...constants(z), make("bn", 4)],
      nodes: `c = Conv (x, f_W, f_b) ${node} ${bn}`,
    }),
    { ...UP, opset, ...expectation },
  );
}
