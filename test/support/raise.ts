import { describe, expect, it } from "vitest";
import { cloneModel } from "../../src/ir/clone.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { raiseOpset } from "../../src/opset/raise.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { compare, modelOf } from "./rewrite.js";
import { sketch } from "./text.js";

/** The raised copy of a model, sound and of the target's opset. */
export function raise(original: Model, target: number): Model {
  const raised = cloneModel(original);
  raiseOpset(raised, target);
  expect(verify(raised)).toEqual([]);
  expect(raised.opset()).toBe(target);
  return raised;
}

/** Raises and runs both in onnxruntime: the same inputs, the same outputs, the same names of both. */
export async function expectSame(original: Model, target: number): Promise<readonly string[]> {
  const raised = raise(original, target);
  const ports = (model: Model): string[][] =>
    [model.graph.inputs, model.graph.outputs].map((values) => values.map((value) => value.name));
  expect(ports(raised)).toEqual(ports(original));
  const report = await compare(original, raised, "exact");
  expect(`${report.status} ${report.reason ?? ""}`.trim()).toBe("equal");
  return sketch(raised);
}

/** Asserts that the model cannot be raised, by an error of this id, and stays as it was. */
export function expectTooHard(text: string, source: number, target: number, id: string): void {
  const model = modelOf(text, source);
  const before = encodeToBytes(model);
  expect(() => raiseOpset(model, target)).toThrow(expect.objectContaining({ id }));
  expect(Buffer.compare(encodeToBytes(model), before), "the model was changed").toBe(0);
}

/** [what, opset it comes from, graph, nodes at opset 21 where they are more or others]. */
export type RaiseCase = readonly [string, number, string, (readonly string[])?];

/** One test for each case: raised to 21 it computes the same. */
export function raiseTable(name: string, cases: readonly RaiseCase[]): void {
  describe(`${name}, from the opset of each form to 21`, () => {
    for (const [what, source, text, nodes] of cases) {
      it(what, async () => {
        const ops = await expectSame(modelOf(text, source), 21);
        if (nodes !== undefined) expect(ops).toEqual(nodes);
      });
    }
  });
}

/** One test for each [graph, opset it comes from, opset it shall get, id]: refused, and the model left alone. */
export function tooHardTable(
  name: string,
  cases: readonly (readonly [text: string, from: number, to: number, id: string])[],
): void {
  describe(`${name} that cannot be carried over is refused, and the model left alone`, () => {
    it.each(cases)("%s", (text, source, target, id) => {
      expectTooHard(text, source, target, id);
    });
  });
}

/** Raises a model too old for onnxruntime, and compares with what it should have become, written by hand. */
export async function expectBecomes(before: string, opset: number, after: string): Promise<void> {
  const raised = raise(modelOf(before, opset), 13);
  const expected = modelOf(after, 13);
  const report = await compare(expected, raised, "exact");
  expect(`${report.status} ${report.reason ?? ""}`.trim()).toBe("equal");
}

/** One test for each [what, opset it comes from, graph, what it should become]. */
export function becomesTable(
  name: string,
  cases: readonly (readonly [string, number, string, string])[],
): void {
  describe(`${name} before opset 7`, () => {
    it.each(cases)("%s", (_, opset, before, after) => expectBecomes(before, opset, after));
  });
}
