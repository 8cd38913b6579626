import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/base/random.js";
import { type ReferenceTensor, referenceTensor, sizeOf } from "../../../src/float64/tensor.js";
import type { Model } from "../../../src/ir/model.js";
import { staticShape } from "../../../src/ir/type.js";
import { verify } from "../../../src/ir/verify.js";
import { printModel } from "../../../src/text/print.js";
import {
  adjointPair,
  emit,
  expectClose,
  referenceRun,
  runInOrt,
  withoutShapes,
} from "../../support/gradient.js";
import { randomDifferentiable } from "./random-graph.js";

/** More graphs on demand: NORMFOLD_GRAPHS=2000 npx vitest run test/properties/gradient/adjoint.test.ts */
const GRAPHS = Number(process.env["NORMFOLD_GRAPHS"] ?? 30);

const INPUTS = ["x0", "x1", "x2"];

function feedsOf(model: Model, seed: number): Map<string, ReferenceTensor> {
  const random = createRandom(seed);
  return new Map(
    model.graph.inputs.map(({ name, type }) => {
      const dims = staticShape(type) ?? [];
      const data = Float64Array.from({ length: sizeOf(dims) }, () => Math.fround(random.normal()));
      return [name, referenceTensor("float", dims, data)] as const;
    }),
  );
}

/**
 * Of the largest gradient. A Tanh near 1 has a slope, 1 - y * y, that float32 knows to a few roundings of 1, however
 * small it is; so small gradients behind it have this error.
 */
function inFloat32({ data }: ReferenceTensor): number {
  const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return 1e-4 + (largest === 0 ? 0 : (16 * 2 ** -24) / largest);
}

describe("random graphs", () => {
  it(`${GRAPHS} keep <J v, g> = <v, J'g>`, () => {
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const random = createRandom(seed);
      const model = randomDifferentiable(random, 4 + (seed % 12));
      expect(verify(model)).toEqual([]);
      const { forward, backward, scale } = adjointPair(model, feedsOf(model, seed), random);
      const error = Math.abs(forward - backward) / Math.max(scale, 1e-3);
      expect(error, `seed ${seed}: ${forward} and ${backward}\n${printModel(model)}`).toBeLessThan(1e-6);
    }
  }, 600_000);

  it("have the same gradients where sizes are symbols and ranks unknown, and run in onnxruntime", async () => {
    for (let seed = 1; seed <= GRAPHS; seed += 6) {
      const model = randomDifferentiable(createRandom(seed), 4 + (seed % 12));
      const feeds = feedsOf(model, seed);
      feeds.set("gradient_in", referenceTensor("float", [], [1]));
      const expected = referenceRun(emit(model, "y", INPUTS), feeds);
      for (const keep of ["symbols", "nothing"] as const) {
        const twin = emit(withoutShapes(model, keep), "y", INPUTS);
        const exact = referenceRun(twin, feeds);
        const actual = await runInOrt(twin, feeds, keep === "symbols");
        for (const input of INPUTS) {
          const [wanted, got, rounded] = [expected, exact, actual].map((all) => all.get(`${input}_grad`));
          if (!(wanted && got && rounded)) throw new Error(`no gradient of ${input}`);
          expectClose(got, wanted, 1e-12, `seed ${seed}, ${input} in float64`, twin);
          expectClose(rounded, wanted, inFloat32(wanted), `seed ${seed}, ${input} in float32`, twin);
        }
      }
    }
  }, 600_000);
});
