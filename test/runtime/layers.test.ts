import { describe, expect, it } from "vitest";
import { stage } from "../../src/library/staging.js";
import { compareLayers, type LayersOptions, type LayersReport } from "../../src/runtime/layers.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { modelOf, tensor } from "../support/runtime.js";

const runtime = await defaultRuntime();
const X = tensor("float", [2, 3], [1, -2, 3, -4, 5, 0.1]);
const SETS: LayersOptions["sets"] = [{ name: "own", feeds: new Map([["x", X]]), expected: undefined }];

function compare(
  a: string,
  b: string,
  rest: Partial<LayersOptions> = {},
  on: Runtime = runtime,
): Promise<LayersReport> {
  const whole = (body: string): string => `g (float[N,3] x) => (float[N,3] y) <float w = {0.1}> { ${body} }`;
  return compareLayers(
    { model: modelOf(whole(a)), runtime: on },
    { model: modelOf(whole(b)), runtime },
    { sets: SETS, seed: 0, stage: (model) => stage(model), ...rest },
  );
}

describe("the values inside two models", () => {
  it("are equal where only rounding moves them, and each is compared once", async () => {
    const report = await compare(
      "a = Mul (x, w)  b = Exp (a)  c = Add (b, x)  y = Neg (c)",
      "t = Div (x, x)  a = Mul (w, x)  b = Exp (a)  c = Sum (x, b)  y = Neg (c)",
    );
    expect(report).toMatchObject({ compared: 3, skipped: 0, first: undefined });
  });

  it("name the first that differs in the order of the original, not the worst", async () => {
    const report = await compare(
      "a = Mul (x, w)  b = Exp (a)  c = Mul (b, b)  y = Neg (c)",
      "a = Mul (x, w)  b = Sinh (a)  d = Mul (x, x)  c = Sub (b, d)  y = Neg (c)",
    );
    expect(report.first).toMatchObject({ name: "b", node: 'Exp "b"', set: "own", verdict: "differs" });
    expect(report.worst.map(({ name }) => name)).toEqual(["c", "b"]);
    expect(report.compared).toBe(3);
  });

  it("are judged by bounds where they are given", async () => {
    const pair = [
      "a = Mul (x, w)  y = Neg (a)",
      "s = Sub (w, w)  v = Add (w, s)  a = Div (x, v)  y = Neg (a)",
    ] as const;
    expect((await compare(...pair, { bounds: { atol: 100, rtol: 0 } })).first).toBeUndefined();
    expect((await compare(...pair, { bounds: { atol: 1, rtol: 0 } })).first?.name).toBe("a");
  });

  it("with one name by chance are left out: another type, another size, declared or not", async () => {
    expect(
      await compare(
        "a = Mul (x, w)  b = Shape (x)  c = Transpose (x)  d = Exp (x)  y = Identity (x)",
        "a = Greater (x, w)  b = Size (x)  c = Neg (x)  d = Concat <axis = 0> (x, x)  y = Identity (x)",
      ),
    ).toMatchObject({ compared: 0, skipped: 4, first: undefined, worst: [] });
    expect(await compare("y = Neg (x)", "y = Neg (x)")).toMatchObject({ compared: 0, skipped: 0 });
  });

  it("are asked for a few at a time, so that all of them need not be held", async () => {
    const asked: number[] = [];
    const counting: Runtime = {
      ...runtime,
      open: async (model, settings) => {
        const session = await runtime.open(model, settings);
        return {
          ...session,
          run: (feeds, names) => {
            asked.push(names?.length ?? 0);
            return session.run(feeds, names);
          },
        };
      },
    };
    const chain = Array.from({ length: 130 }, (_, i) => `v${i + 1} = Neg (v${i})`).join("  ");
    const body = `v0 = Neg (x)  ${chain}  y = Neg (v130)`;
    expect((await compare(body, body, {}, counting)).compared).toBe(131);
    expect(asked).toEqual([64, 64, 3]);
  });
});
