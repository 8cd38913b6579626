import { readFileSync, statSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { decode, encode, floatInfo, modelBytes, sharedModels } from "./support.js";

/** A fraction. Not fc.double, most of whose numbers are tiny: the damage would all be at the first byte. */
const place = fc.nat(2 ** 30 - 1).map((count) => count / 2 ** 30);

/** One damage to a file; positions are fractions of its length. */
const damage = fc.oneof(
  fc.record({
    kind: fc.constant("flip" as const),
    at: place,
    bit: fc.nat(7),
  }),
  fc.record({ kind: fc.constant("cut" as const), at: place }),
  fc.record({
    kind: fc.constant("insert" as const),
    at: place,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant("repeat" as const),
    at: place,
    length: fc.integer({ min: 1, max: 40 }),
  }),
);

type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Buffer, change: Damage): Buffer {
  const at = Math.floor(change.at * bytes.length);
  switch (change.kind) {
    case "flip": {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ (1 << change.bit);
      return copy;
    }
    case "cut":
      return bytes.subarray(0, at);
    case "insert":
      return Buffer.concat([bytes.subarray(0, at), change.bytes, bytes.subarray(at)]);
    case "repeat":
      return Buffer.concat([bytes.subarray(0, at + change.length), bytes.subarray(at)]);
  }
}

const own = modelBytes(
  {
    node: [
      {
        input: ["x", "w"],
        output: ["a"],
        op_type: "MatMul",
        attribute: [{ name: "k", ints: [1, 2], type: 7 }],
      },
      {
        input: ["a"],
        output: ["y"],
        op_type: "If",
        attribute: [
          {
            name: "then_branch",
            type: 5,
            g: { node: [{ input: ["a"], output: ["b"], op_type: "Relu" }], output: [{ name: "b" }] },
          },
        ],
      },
    ],
    initializer: [
      { name: "w", dims: [3, 2], data_type: 1, raw_data: new Uint8Array(24) },
      { name: "i", dims: [2], data_type: 7, int64_data: [1, -1] },
    ],
    value_info: [floatInfo("a")],
    quantization_annotation: [{ tensor_name: "a", quant_parameter_tensor_names: [{ key: "S", value: "w" }] }],
  },
  {
    metadata_props: [{ key: "k", value: "v" }],
    functions: [
      { name: "F", input: ["p"], output: ["q"], node: [{ input: ["p"], output: ["q"], op_type: "Abs" }] },
    ],
    training_info: [{ update_binding: [{ key: "w", value: "w2" }] }],
  },
);

const SMALL = 20_000;
const shared = sharedModels().filter((path) => statSync(path).size < SMALL);
// A sample of the models; the seed makes the choice the same every time.
const spread = shared.filter((_, index) => index % Math.ceil(shared.length / 40) === 0);
const models = [Buffer.from(own), ...spread.map((path) => readFileSync(path))];

describe("damaged models", () => {
  it("end in a NormfoldError or are read, quickly, and models that are read can be written and read again", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        (bytes, changes) => {
          const broken = changes.reduce(damaged, bytes);
          const started = performance.now();
          try {
            const model = decode(broken);
            for (const value of model.graph.initializers) {
              if (value.tensor?.data.kind === "computed") value.tensor.bytes();
            }
            const written = encode(model);
            expect(Buffer.compare(encode(decode(written)), written)).toBe(0);
          } catch (error) {
            if (!(error instanceof NormfoldError) || error.code === "internal") throw error;
            expect(error.message).not.toContain("\n");
            refused++;
          }
          expect(performance.now() - started).toBeLessThan(2000);
        },
      ),
      { numRuns: 4000, seed: 20150211 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});
