import { describe, expect, it } from "vitest";
import { type Outcome, rewrite } from "./rewrite.js";
import { constant, graphText, literal } from "./text.js";

const TO_NHWC = "Transpose <perm = [0, 2, 3, 1]>";
const TO_NCHW = "Transpose <perm = [0, 3, 1, 2]>";
const ONLY = { passes: ["eliminate-transposes", "eliminate-dead"] } as const;

function operators({ ops }: Outcome): string[] {
  return ops.map((line) => line.replace(/^.* = (\w+)\(.*$/, "$1"));
}

/** An int64 vector of the text syntax. */
export function ints(name: string, ...values: readonly number[]): string {
  return literal(name, [values.length], values, "int64");
}

export interface LayoutCase {
  readonly name: string;
  /**
   * The nodes compute b, in channels-last order, from a. Both ends are turned to channels-first, and these Transposes
   * are to cancel.
   */
  readonly nodes: string;
  readonly constants?: readonly string[];
  readonly opset?: number;
}

/** Operators that follow a change of order, which comes from in front and, once more, from behind. */
export function layoutTable(family: string, cases: readonly LayoutCase[]): void {
  describe(`${family}: operators that follow a change of order`, () => {
    for (const { name, nodes, constants = [], opset = 17 } of cases) {
      it(name, async () => {
        const text = graphText(
          "float[2,3,4,5] x",
          constants,
          `a = ${TO_NHWC} (x) ${nodes} y = ${TO_NCHW} (b)`,
        );
        const before = nodes.match(/=\s[A-Z]/g)?.length ?? 0;
        const outcome = await rewrite(text, { ...ONLY, opset });
        expect(operators(outcome)).not.toContain("Transpose");
        expect(outcome.ops).toHaveLength(before);
      });
    }
  });

  /** A constant may take any order, so only the Transpose behind the node determines the order. */
  describe(`${family}: the order comes from behind`, () => {
    for (const { name, nodes, constants = [], opset = 17 } of cases) {
      it(name, async () => {
        const text = graphText(
          "float x",
          [constant("front", [2, 4, 5, 3]), ...constants],
          `a = Mul (front, x) ${nodes} y = ${TO_NCHW} (b)`,
        );
        const before = nodes.match(/=\s[A-Z]/g)?.length ?? 0;
        const outcome = await rewrite(text, { ...ONLY, opset });
        expect(operators(outcome)).not.toContain("Transpose");
        expect(outcome.ops).toHaveLength(before + 1);
      });
    }
  });
}

/** Operators that keep some axes where they are; `nodes` compute b from a, whose order is `perm`, and back. */
export function layoutInPlaceTable(
  family: string,
  cases: readonly (LayoutCase & { readonly perm: readonly number[] })[],
): void {
  describe(`${family}: operators that keep some axes where they are`, () => {
    for (const { name, perm, nodes, constants = [] } of cases) {
      it(name, async () => {
        const back = perm.map((_, axis) => perm.indexOf(axis));
        const text = graphText(
          "float[2,3,4,5] x",
          constants,
          `a = Transpose <perm = [${perm}]> (x) ${nodes} y = Transpose <perm = [${back}]> (b)`,
        );
        const outcome = await rewrite(text, ONLY);
        expect(outcome.ops).toHaveLength(1);
      });
    }
  });
}
