import { expect } from "vitest";
import { type Model, optimize, verify } from "../../../src/index.js";
import { encodeToBytes } from "../../../src/proto/encode.js";
import { defaultRuntime } from "../../../src/runtime/ort.js";
import { parseModel } from "../../../src/text/parse.js";
import { printModel } from "../../../src/text/print.js";
import { compareApart } from "./compare.js";
import type { Drafted } from "./draft.js";

export interface Tally {
  /** The runtime runs the original. */
  run: number;
  /** The check of the product compared. */
  checked: number;
  rewrites: number;
}

/** Throws where something is wrong with what became of a model. */
export async function holds({ text, inputs }: Drafted, seed: number, tally: Tally): Promise<void> {
  const original = parseModel(text);
  expect(verify(original), "the model itself is unsound").toEqual([]);
  // Constants fit the sizes that the inputs were drawn with; where these are symbols, the model may not run with others.
  const inputShapes = Object.fromEntries(inputs.map(({ name, dims }) => [name, dims]));
  const { model: result, report } = await optimize(original, { seed, inputShapes });
  expect(verify(result)).toEqual([]);
  const failed = report.refusals.filter(({ id }) => id === "rule-failed");
  assertNone(
    failed.map(({ pass, reason }) => `${pass}: ${reason}`),
    "a rule failed",
  );
  const log = report.rewrites.map(({ pass, summary }) => `${pass}: ${summary}`).join("\n");
  const became = `${log}\n${printModel(result)}`;
  assertNone(
    report.rolledBack.map(({ pass, reason }) => `${pass}: ${reason}`),
    "rewrites are undone",
    became,
  );
  expect(report.check?.status, `${report.check?.reason}\n${became}`).not.toBe("differs");
  const bytes = [encodeToBytes(original), encodeToBytes(result)] as const;
  const verdict = await compareApart(await defaultRuntime(), ...bytes, inputs, seed);
  if (verdict.kind === "differs") throw new Error(`${verdict.reason}\n${became}`);
  if (report.rolledBack.length === 0) await expectNoMore(result, became);
  if (verdict.kind === "equal") tally.run++;
  if (report.check?.status === "equal") tally.checked++;
  tally.rewrites += report.rewrites.length;
}

function assertNone(found: readonly string[], what: string, became = ""): void {
  if (found.length > 0) throw new Error([what, ...found, became].join("\n"));
}

/** A second run finds nothing. */
async function expectNoMore(model: Model, became: string): Promise<void> {
  const { report } = await optimize(model, { check: false });
  const more = report.rewrites.map(({ pass, summary }) => `${pass}: ${summary}`);
  assertNone(more, "a second run still changes something", became);
}
