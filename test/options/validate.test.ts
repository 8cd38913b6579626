import { describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { CALIBRATE } from "../../src/options/calibrate.js";
import { COMMANDS } from "../../src/options/commands.js";
import { INSERT } from "../../src/options/insert.js";
import { COMPARISON, OPTIMIZE_RUN, REWRITE } from "../../src/options/optimize.js";
import type { OptionSpec, OptionsOf, SettingsOf } from "../../src/options/spec.js";
import { COURSE, TRAIN_RUN, TRAINING_METHOD } from "../../src/options/train.js";
import {
  assertEffects,
  assertValues,
  BY_FLAG,
  pick,
  settle,
  takes,
  unnamedChoices,
} from "../../src/options/validate.js";

function said(call: () => void): string {
  try {
    call();
  } catch (error) {
    if (error instanceof NormfoldError) return `${error.code} ${error.id}: ${error.message}`;
    throw error;
  }
  return "nothing";
}

const option = (type: OptionSpec["type"], more: Partial<OptionSpec> = {}): OptionSpec => {
  return { flag: "--x <x>", help: "x", type, ...more };
};

describe("takes", () => {
  it.each<readonly [OptionSpec, right: readonly unknown[], wrong: readonly unknown[]]>([
    [option("switch"), [true, false], [0, "true", null]],
    [option("text"), ["", "a"], [1, ["a"]]],
    [option("choice", { choices: ["a", "b"] }), ["a", "b"], ["c", 1, ["a"]]],
    [option("names"), [[], ["a", "b"]], ["a", [1]]],
    [option("number", { above: 0, below: 1 }), [0.5], [0, 1, Number.NaN, "0.5"]],
    [option("number", { from: 0, to: 1 }), [0, 1], [-1e-9, 1.1, Number.POSITIVE_INFINITY]],
    [option("numbers"), [[1, 0.5]], [1, [Number.NaN], ["1"]]],
    [option("whole", { from: 1 }), [1, 7], [0, 1.5, Number.POSITIVE_INFINITY, true, "1"]],
    [option("whole", { flag: "--x [n]", from: 1 }), [1, true], [0, false]],
    [option("limit", { from: 0 }), [0, Number.POSITIVE_INFINITY], [-1, Number.NaN]],
    [option("bytes", { from: 0 }), [0, 1e12, Number.POSITIVE_INFINITY], [-1, Number.NaN, "1MiB"]],
    [option("bytes", { flag: "--x [bytes]", from: 0 }), [true, 16], [false]],
    [option("shapes"), [{}, { x: [], y: [1, 2] }], [{ x: 1 }, { x: [1.5] }, null]],
  ])("%j", (spec, right, wrong) => {
    for (const value of right) expect(takes(spec, value), String(value)).toBe(true);
    for (const value of wrong) expect(takes(spec, value), String(value)).toBe(false);
  });
});

describe("assertValues", () => {
  it.each<readonly [object, string]>([
    [{ growthLimit: -1 }, "growthLimit is -1; give a number of bytes from 0 on"],
    [{ growthLimit: Number.NaN }, "growthLimit is NaN; give a number of bytes from 0 on"],
    [{ skip: "fold-constants" }, 'skip is "fold-constants"; give a list of names'],
    [{ inlineFunctions: null }, "inlineFunctions is null; give true or false"],
  ])("%j", (options, sentence) => {
    expect(said(() => assertValues(REWRITE, options))).toBe(`usage wrong-option-value: ${sentence}`);
  });

  it.each<readonly [object, string]>([
    [{ epsilon: 1 }, "epsilon is 1; give a number above 0 and below 1"],
    [{ momentum: 1 }, "momentum is 1; give a number from 0 to below 1"],
    [{ init: "none" }, 'init is "none"; give one of identity, fresh'],
  ])("%j", (options, sentence) => {
    expect(said(() => assertValues(INSERT, options))).toBe(`usage wrong-option-value: ${sentence}`);
  });

  it("speaks of a range, and of the flag where one was given", () => {
    expect(said(() => assertValues(COMPARISON, { seed: 2 ** 32 }, BY_FLAG))).toBe(
      "usage wrong-option-value: --seed is 4294967296; give a whole number from 0 to 4294967295",
    );
    expect(said(() => assertValues(COURSE, { steps: 0 }))).toMatch(
      /: steps is 0; give a whole number from 1 on$/,
    );
  });

  it("ignores options that are not given, and those of other tables", () => {
    expect(said(() => assertValues(REWRITE, { growthLimit: undefined, steps: 0, toString: 1 }))).toBe(
      "nothing",
    );
  });
});

describe("assertEffects", () => {
  it("requires the option that another one needs", () => {
    expect(said(() => assertEffects(CALIBRATE, { momentum: 0.5 }))).toBe(
      "usage option-needs-another: momentum has no effect without method moving-average; leave it out",
    );
    expect(said(() => assertEffects(CALIBRATE, { momentum: 0.5, method: "moving-average" }))).toBe("nothing");
    expect(said(() => assertEffects(TRAINING_METHOD, { delta: 2 }, BY_FLAG))).toBe(
      "usage option-needs-another: --delta has no effect without --loss huber; leave it out",
    );
    // The loss is cross-entropy where none is given.
    expect(said(() => assertEffects(TRAINING_METHOD, { labelSmoothing: 0.1 }))).toBe("nothing");
    expect(said(() => assertEffects(COURSE, { checkpointEvery: 5 }, BY_FLAG))).toMatch(
      /option-needs-another/,
    );
    const course = { ...COURSE, ...TRAIN_RUN };
    expect(said(() => assertEffects(course, { validateEvery: 5 }, BY_FLAG))).toMatch(
      /--validate-every has no effect without --valid or --checkpoint;/,
    );
    expect(said(() => assertEffects(course, { validateEvery: 5, checkpoint: "c" }, BY_FLAG))).toBe("nothing");
  });

  it("refuses the option that another one makes idle", () => {
    const idle = (more: object): string =>
      said(() => assertEffects(INSERT, { reference: true, ...more }, BY_FLAG));
    expect(idle({})).toBe("nothing");
    expect(idle({ check: false })).toBe(
      "usage option-has-no-effect: --reference has no effect with --no-check; leave it out",
    );
    expect(idle({ init: "fresh" })).toMatch(/with --init fresh;/);
    expect(idle({ dryRun: true })).toMatch(/with --dry-run;/);
    expect(said(() => assertEffects(INSERT, { reference: false, check: false }))).toBe("nothing");
  });
});

describe("unnamedChoices", () => {
  it("adds the choices to a help that does not name them all", () => {
    const help = (text: string) => unnamedChoices(option("choice", { choices: ["a", "b"], help: text }));
    expect(help("either")).toEqual(["a, b"]);
    expect(help("a: the first")).toEqual(["a, b"]);
    expect(help("a: the first; b: the last")).toEqual([]);
    expect(unnamedChoices(option("number"))).toEqual([]);
  });
});

describe("the commands refuse what would be passed over", () => {
  const refused = (name: string, given: object): string => {
    const command = COMMANDS.find((each) => each.name === name);
    return said(() => assertEffects(Object.assign({}, ...(command?.tables ?? [])), given, BY_FLAG));
  };

  it.each<readonly [command: string, given: object, sentence: string]>([
    ["optimize", { check: false, reference: true }, "--reference has no effect with --no-check"],
    ["optimize", { check: false, seed: 1 }, "--seed has no effect with --no-check"],
    ["optimize", { check: false, inputShapes: { x: [1] } }, "--input-shape has no effect with --no-check"],
    ["optimize", { check: false, checkInputs: "x.npz" }, "--check-inputs has no effect with --no-check"],
    [
      "optimize",
      { checkInputs: "x", inputShapes: { x: [1] } },
      "--input-shape has no effect with --check-inputs",
    ],
    ["optimize", { quiet: true, explain: true }, "--explain has no effect with --quiet"],
    ["check", { data: "x.npz", inputShapes: { x: [1] } }, "--input-shape has no effect with --data"],
    ["insert", { init: "fresh", data: "x.npz" }, "--data has no effect with --init fresh"],
    ["insert", { init: "fresh", scale: 2 }, "--scale has no effect without --data"],
    ["insert", { init: "fresh", batchSize: 2 }, "--batch has no effect without --data"],
    ["passes", { operators: true, operator: "Conv" }, "--operators has no effect with --operator"],
    ["passes", { gradients: true, operators: true }, "--gradients has no effect with --operators"],
    ["passes", { gradients: true, operator: "Conv" }, "--gradients has no effect with --operator"],
  ])("%s %j", (command, given, sentence) => {
    expect(refused(command, given)).toMatch(new RegExp(`^usage option-[a-z-]+: ${sentence}; leave it out$`));
  });

  it.each<readonly [command: string, given: object]>([
    ["optimize", { reference: true, seed: 1, checkInputs: "x.npz" }],
    ["optimize", { json: true, explain: true }],
    ["check", { data: "x.npz", seed: 1 }],
    ["insert", { data: "x.npz", scale: 2, limit: 5, seed: 1 }],
    ["calibrate", { data: "x.npz", batchSize: 2 }],
    ["train", { data: "x.npz", labels: "y.npy", seed: 1 }],
    ["passes", { operators: true }],
  ])("but not %s %j", (command, given) => {
    expect(refused(command, given)).toBe("nothing");
  });
});

describe("pick and settle", () => {
  const given = { growthLimit: 5, skip: undefined, json: true };

  it("take the options of a table, with and without its defaults", () => {
    const options: OptionsOf<typeof REWRITE> = pick(REWRITE, given);
    expect(options).toEqual({ growthLimit: 5 });
    expect(settle(REWRITE, given)).toEqual({
      growthLimit: 5,
      inlineFunctions: false,
      preserveNonfinite: false,
      target: "onnxruntime",
    });
    expect(settle(REWRITE, {}).growthLimit).toBe(128 * 2 ** 20);
    // Options with a default are there for certain; the types know it.
    const settings: SettingsOf<typeof OPTIMIZE_RUN> = settle(OPTIMIZE_RUN, { constantFolding: false });
    const folding: boolean = settings.constantFolding;
    expect(folding).toBe(false);
  });

  it("refuse values that the types of the result would not have", () => {
    expect(said(() => pick(REWRITE, { skip: "fuse-gemm" }))).toMatch(/^usage wrong-option-value: skip /);
    expect(said(() => settle(REWRITE, { growthLimit: -1 }))).toMatch(
      /^usage wrong-option-value: growthLimit /,
    );
    expect(said(() => pick(REWRITE, { seed: -1 }))).toBe("nothing");
  });
});
