import { afterEach, describe, expect, it, vi } from "vitest";
import { PASSES } from "../../passes/index.js";
import { verify } from "../../src/ir/verify.js";
import { reduce } from "../../src/reduce/reduce.js";
import { undoesRewrite } from "../../src/reduce/symptoms.js";
import { modelOf } from "../support/rewrite.js";
import { CLEANING } from "./cleaning.js";
import { DEEP } from "./deep.js";
import { MERGING } from "./merging.js";
import { MOVING } from "./moving.js";
import { type Mutant, stage } from "./stage.js";

/** Mocked as in mutants.test.ts: each call asks the stage. */
vi.mock(import("../../src/ops/affine.js"), async (original) => {
  const real = await original();
  const affineFacets: typeof real.affineFacets = (node) => {
    const facets = real.affineFacets(node);
    return stage.broken.facets?.[node.opType]?.(facets) ?? facets;
  };
  return { ...real, affineFacets, liftAffine: (node, facts) => affineFacets(node).lift?.(node, facts) };
});

afterEach(() => {
  stage.broken = {};
});

/** Rules that are wrong in one place of a network, and passes that are wrong. */
const PLANTED: readonly Mutant[] = [
  ...DEEP,
  ...[...CLEANING, ...MERGING, ...MOVING].filter(({ broken }) => broken.passes !== undefined),
];

/** All of them take half a minute: NORMFOLD_ALL=1. */
const TRIED = process.env["NORMFOLD_ALL"] ? PLANTED : PLANTED.filter((_, index) => index % 9 === 3);

/** Deep networks have 45 nodes, the others up to 16. */
const MOST_NODES = 5;

/** A rule that reads a long expression needs all of it to go wrong. */
const READ_LONG: Readonly<Record<string, number>> = { "rotary: cosines and sines change places": 11 };

describe("reduce, on rules broken on purpose", () => {
  it.each(TRIED)("$name", async ({ name, model: text, pass = "fold-affine-up", broken }) => {
    stage.broken = broken;
    const passes = PASSES.map((each) => broken.passes?.[each.name]?.(each) ?? each);
    const predicate = undoesRewrite(pass, { passes });
    const { model, report } = await reduce(modelOf(text), predicate.observe, predicate);
    expect(report).toMatchObject({ status: "done", symptom: `optimize undoes a rewrite of ${pass}` });
    expect(verify(model)).toEqual([]);
    expect(report.after.nodes).toBeLessThanOrEqual(READ_LONG[name] ?? MOST_NODES);
  });
});

it("has ten such faults at least", () => {
  expect(PLANTED.length).toBeGreaterThanOrEqual(10);
});
