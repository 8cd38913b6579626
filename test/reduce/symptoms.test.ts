import { describe, expect, it } from "vitest";
import { type Predicate, predicateOf, withoutPlaces } from "../../src/reduce/symptoms.js";
import { modelOf } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const signal = new AbortController().signal;

async function seen(predicate: Predicate, text: string): Promise<string | undefined> {
  return await predicate.observe(modelOf(text), signal);
}

const PLAIN = graphText("float[2] x", [], "y = Relu (x)");
const FOLDS = graphText("float[2] x", ["float[1] zero = {0}"], "a = Add (x, zero) y = Relu (a)");
/** onnxruntime 1.30 writes to outputs that have no name. */
const CRASHES = graphText(
  "float[4,2] x",
  ["float[2] s = {1, 2}"],
  'y, "", "" = BatchNormalization <training_mode = 1> (x, s, s, s, s)',
);

describe("predicateOf", () => {
  it("sees that a pass applies, and that nothing is wrong with what optimize makes", async () => {
    const predicate = predicateOf("pass:eliminate-neutral-affine");
    expect(await seen(predicate, FOLDS)).toBe("the pass eliminate-neutral-affine applies");
    expect(await seen(predicate, PLAIN)).toBeUndefined();
    expect(predicate.nothing).toBe("the pass eliminate-neutral-affine does not apply");
    for (const word of ["undone", "undone:fold-affine-up", "check-differs", "error"])
      expect(await seen(predicateOf(word), FOLDS), word).toBeUndefined();
  });

  it("refuses what it does not know, with the way out", () => {
    const refused = (text: string): unknown => {
      try {
        return predicateOf(text);
      } catch (error) {
        return error;
      }
    };
    expect(refused("crashs")).toMatchObject({
      id: "unknown-predicate",
      message: expect.stringMatching(/mean "crash"/),
    });
    expect(refused("pass")).toMatchObject({ id: "predicate-needs-pass" });
    expect(refused("crash:x")).toMatchObject({ id: "predicate-takes-no-pass" });
    expect(refused("undone:fold-afine-up")).toMatchObject({ id: "unknown-pass" });
  });

  it("sees a crash of onnxruntime in a process of its own, on the model as it is", async () => {
    const predicate = predicateOf("crash", { isolation: "process" });
    expect(await seen(predicate, CRASHES)).toBe("onnxruntime (level disabled): crashes");
    expect(await seen(predicate, PLAIN)).toBeUndefined();
  });

  it("compares messages without names and numbers", () => {
    const one = withoutPlaces('Node: /layer1/conv Input "x" has 3 axes, not 4, in [2,3]');
    expect(one).toBe(withoutPlaces('Node: n7 Input "t_1" has 2 axes, not 17, in [1]'));
    expect(one).not.toBe(withoutPlaces('Node: n7 Output "t_1" has 2 axes, not 17, in [1]'));
  });
});
