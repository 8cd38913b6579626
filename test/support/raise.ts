import { expect } from "vitest";
import { cloneModel } from "../../src/ir/clone.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { raiseOpset } from "../../src/opset/index.js";
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

/** Cannot be raised, for this reason, and is left as it was. */
export function expectTooHard(text: string, source: number, target: number, reason: RegExp): void {
  const model = modelOf(text, source);
  const before = encodeToBytes(model);
  expect(() => raiseOpset(model, target)).toThrow(reason);
  expect(Buffer.compare(encodeToBytes(model), before), "the model was changed").toBe(0);
}
