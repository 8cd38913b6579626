import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Arm {
  readonly settings: {
    readonly id: string;
    readonly name: string;
    readonly normalized: boolean;
    readonly std: number;
    readonly learningRate: number;
    readonly steps: number;
    readonly seed: number;
  };
  readonly curve: readonly { readonly step: number; readonly accuracy: number }[];
  readonly diverged?: string;
  readonly folded?: {
    readonly same: string;
    readonly before: { readonly nodes: number };
    readonly after: { readonly nodes: number; readonly batchNormalizations: number };
  };
}

interface Results {
  readonly cell: { readonly std: number; readonly learningRate: number };
  readonly steps: number;
  readonly seeds: readonly number[];
  readonly ensemble: { readonly accuracy: number; readonly members: readonly number[] };
  readonly arms: readonly Arm[];
}

/** The committed results of a full run of `npm run experiment:mnist`: the claims about them must hold. */
describe("the experiment on MNIST", () => {
  const results: Results = JSON.parse(
    readFileSync(new URL("../../experiments/mnist/results/mnist.json", import.meta.url), "utf8"),
  );
  const { cell, steps, seeds, arms, ensemble } = results;
  const finals = (normalized: boolean): readonly number[] =>
    arms
      .filter(
        ({ settings: s }) =>
          s.name === "cell" &&
          s.normalized === normalized &&
          s.std === cell.std &&
          s.learningRate === cell.learningRate,
      )
      .map(({ settings, curve }) => {
        const last = curve.at(-1);
        expect(last?.step, settings.id).toBe(steps);
        return last?.accuracy ?? Number.NaN;
      });

  it("is of 50,000 steps and three seeds of both networks", () => {
    expect(steps).toBe(50_000);
    expect(seeds).toHaveLength(3);
    expect(finals(true)).toHaveLength(3);
    expect(finals(false)).toHaveLength(3);
  });

  it("ends above 97.5 % with BatchNormalization for every seed, and above every plain network", () => {
    expect(Math.min(...finals(true))).toBeGreaterThan(0.975);
    expect(Math.min(...finals(true))).toBeGreaterThan(Math.max(...finals(false)));
  });

  it("has an ensemble that is better than each of its members", () => {
    expect(ensemble.accuracy).toBeGreaterThan(Math.max(...ensemble.members));
  });

  it("folds every BatchNormalization away, and the outputs stay the same", () => {
    const folded = arms.filter(({ settings }) => settings.normalized && settings.name === "cell");
    expect(folded.length).toBeGreaterThan(0);
    for (const { settings, folded: result } of folded) {
      expect(result?.same, settings.id).toBe("equal");
      expect(result?.after.batchNormalizations, settings.id).toBe(0);
      expect(result?.after.nodes, settings.id).toBe(7);
    }
  });
});
