import { afterEach, describe, expect, it, vi } from "vitest";
import { PASSES } from "../../passes/index.js";
import { check, type OptimizeOptions, optimize } from "../../src/index.js";
import { verify } from "../../src/ir/verify.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { modelOf } from "../support/rewrite.js";
import { ABSORBING } from "./absorbing.js";
import { BELOW } from "./below.js";
import { CLEANING } from "./cleaning.js";
import { DEEP } from "./deep.js";
import { MERGING } from "./merging.js";
import { MOVING } from "./moving.js";
import { PASSING } from "./passing.js";
import { type Mutant, playing, stage } from "./stage.js";

/** Mocked: each call asks the stage, so that one copy of the product serves all mutants. */
vi.mock(import("../../src/ops/affine.js"), async (original) => {
  const real = await original();
  const affineFacets: typeof real.affineFacets = (node) => {
    const facets = real.affineFacets(node);
    return stage.broken.facets?.[node.opType]?.(facets) ?? facets;
  };
  return { ...real, affineFacets, liftAffine: (node, facts) => affineFacets(node).lift?.(node, facts) };
});
vi.mock(import("../../src/fold/plan.js"), async (original) => {
  const real = await original();
  return { ...real, planUp: (...args) => playing("planUp", real.planUp)(...args) };
});
vi.mock(import("../../src/fold/remainder.js"), async (original) => {
  const real = await original();
  return { ...real, landRemainder: (...args) => playing("landRemainder", real.landRemainder)(...args) };
});
vi.mock(import("../../src/ops/convolution/kernel.js"), async (original) => {
  const real = await original();
  return { ...real, readConv: (...args) => playing("readConv", real.readConv)(...args) };
});
vi.mock(import("../../src/ops/linear/product.js"), async (original) => {
  const real = await original();
  return { ...real, readProduct: (...args) => playing("readProduct", real.readProduct)(...args) };
});
vi.mock(import("../../src/affine/channel-affine.js"), async (original) => {
  const real = await original();
  return { ...real, compose: (...args) => playing("compose", real.compose)(...args) };
});
vi.mock(import("../../src/affine/kernels.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    addKernels: (...args) => playing("addKernels", real.addKernels)(...args),
    alignTaps: (...args) => playing("alignTaps", real.alignTaps)(...args),
    composeKernels: (...args) => playing("composeKernels", real.composeKernels)(...args),
    isUnpadded: (...args) => playing("isUnpadded", real.isUnpadded)(...args),
  };
});
vi.mock(import("../../src/affine/matrices.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    multiplyMatrices: (...args) => playing("multiplyMatrices", real.multiplyMatrices)(...args),
  };
});
vi.mock(import("../../src/runtime/evaluate.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    evaluateConstants: (...args) => playing("evaluateConstants", real.evaluateConstants)(...args),
  };
});
vi.mock(import("../../src/rewrite/cuts.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    positions: (...args) => playing("positions", real.positions)(...args),
    partsAlong: (...args) => playing("partsAlong", real.partsAlong)(...args),
  };
});
vi.mock(import("../../src/rewrite/pad.js"), async (original) => {
  const real = await original();
  return { ...real, readPad: (...args) => playing("readPad", real.readPad)(...args) };
});
vi.mock(import("../../src/rewrite/nested.js"), async (original) => {
  const real = await original();
  return { ...real, flatten: (...args) => playing("flatten", real.flatten)(...args) };
});

afterEach(() => {
  stage.broken = {};
  vi.restoreAllMocks();
});

const outcomes = new Map<string, ReturnType<typeof optimize>>();

/** The result of the right rules for a model; several mutants share one. */
function unbroken(text: string): ReturnType<typeof optimize> {
  let outcome = outcomes.get(text);
  if (outcome === undefined) {
    const original = modelOf(text);
    expect(verify(original), "the case itself is unsound").toEqual([]);
    outcome = optimize(original, { verifyEach: true });
    outcomes.set(text, outcome);
  }
  return outcome;
}

/** The right rules without those that would make by other means a rewrite that `pass` refuses. */
function alone(text: string, pass: string): ReturnType<typeof optimize> {
  return pass === "fold-affine-up"
    ? optimize(modelOf(text), { skip: ["fold-affine-down"], check: false })
    : unbroken(text);
}

/** The passes, with the broken ones in their places. */
function cast({ broken }: Mutant): OptimizeOptions {
  stage.broken = broken;
  const { passes, setConstant } = broken;
  if (setConstant !== undefined) {
    vi.spyOn(Rewriter.prototype, "setConstant").mockImplementation(function (this: Rewriter, ...args) {
      setConstant(this, ...args);
    });
  }
  return { passes: PASSES.map((pass) => passes?.[pass.name]?.(pass) ?? pass), verifyEach: true };
}

describe.each([
  ["rules that absorb a map", ABSORBING],
  ["rules that pass a map", PASSING],
  ["rules that take a map of an input", BELOW],
  ["rules that merge", MERGING],
  ["rules that clean up", CLEANING],
  ["rules of sizes, parts and borders", MOVING],
  ["one layer of many", DEEP],
] as const)("%s", (_, mutants) => {
  it.each(mutants)("$name", async (mutant) => {
    const { model: text, pass = "fold-affine-up", also = [], guard } = mutant;
    const original = modelOf(text);
    const right = await unbroken(text);
    expect(right.report.rolledBack, "the right rule is wrong").toEqual([]);
    expect(right.report.check?.status, right.report.check?.reason).toBe("equal");
    const fired = right.report.rewrites.some((record) => record.pass === pass);
    const refusals = (guard === undefined ? right : await alone(text, pass)).report.refusals.map(
      ({ id, reason }) => `${reason} [${id}]`,
    );
    if (guard === undefined) expect(fired, `the right rule does not fire: ${refusals.join("; ")}`).toBe(true);
    else expect(refusals.join("\n")).toMatch(guard);

    const wrong = await optimize(original, cast(mutant));
    const [blamed, ...others] = new Set(wrong.report.rolledBack.map((record) => record.pass));
    expect(blamed, "the wrong rule survives, or another is blamed").toBe(pass);
    // If one direction is denied, the other tries halves of the map, with the same mistake.
    expect([...also, "fold-affine-down"]).toEqual(expect.arrayContaining(others));
    for (const { reason } of wrong.report.rolledBack) expect(reason).toMatch(/differ|finite|became/);
    expect(wrong.report.check?.status).toBe("equal");

    stage.broken = {};
    expect(verify(wrong.model)).toEqual([]);
    const fresh = await check(original, wrong.model, { seed: 11 });
    expect(fresh.status, fresh.reason).toBe("equal");
  });
});

it("have distinct names, and are at least 25", () => {
  const names = [ABSORBING, PASSING, BELOW, MERGING, CLEANING, MOVING, DEEP].flat().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(25);
});
