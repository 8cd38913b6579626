import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { AttributeInit } from "../../src/ir/attribute.js";
import { createModel } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { tensorType } from "../../src/ir/type.js";
import { OPERATOR_NAMES } from "../../src/ops/catalogue.js";
import type { FactType } from "../../src/rules/fact.js";

const NAMES = [
  ..."allowzero axes axis auto_pad batch_dims blocksize ceil_mode dilations direction dtype end equation group".split(
    " ",
  ),
  ..."hidden_size keepdims kernel_shape layout num_outputs num_scan_inputs output_padding output_shape pads".split(
    " ",
  ),
  ..."perm q_num_heads kv_num_heads sample_size scales shape size split start starts ends steps strides to".split(
    " ",
  ),
  ..."transA transB value output_dtype reduction pooled_shape is_test k sizes ngram_indexes new_axis".split(
    " ",
  ),
];

const attribute: fc.Arbitrary<AttributeInit> = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.integer({ min: -3, max: 5 }), { maxLength: 6 }) },
  { weight: 5, arbitrary: fc.integer({ min: -4, max: 20 }) },
  fc.constantFrom<AttributeInit>(
    2n ** 63n - 1n,
    0.5,
    "SAME_UPPER",
    "...ij,jk->ki",
    "bidirectional",
    ["a"],
    [0.25, 2],
    { kind: "unknown" },
    { kind: "ref", ref: "axis", type: "int" },
    tensorFromNumbers("int64", [2], [3, -1]),
    tensorFromNumbers("float", [], [1]),
  ),
);

const size = fc.constantFrom(0, 1, 2, 3, 4, 8, 2 ** 31, 2 ** 53, "N", "M", undefined);
const dtype = fc.constantFrom(
  "float" as const,
  "int64" as const,
  "int32" as const,
  "bool" as const,
  "string" as const,
);
const input = fc.oneof(
  fc.record({ kind: fc.constant("skipped" as const) }),
  fc.record({
    kind: fc.constant("input" as const),
    dtype,
    shape: fc.option(fc.array(size, { maxLength: 5 }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("constant" as const),
    dtype: fc.constantFrom("int64" as const, "float" as const, "int32" as const),
    scalar: fc.boolean(),
    values: fc.array(fc.constantFrom(-9, -1, 0, 1, 2, 3, 7, 64, 2 ** 30), { minLength: 1, maxLength: 5 }),
  }),
);

const node = fc.record({
  opType: fc.constantFrom(...OPERATOR_NAMES),
  opset: fc.integer({ min: 1, max: 26 }),
  inputs: fc.array(input, { maxLength: 5 }),
  outputs: fc.integer({ min: 1, max: 4 }),
  attributes: fc.dictionary(fc.constantFrom(...NAMES), attribute, { maxKeys: 5 }),
});

function sizesMakeSense(type: FactType | undefined): boolean {
  if (type?.kind !== "tensor" || type.shape === undefined) return true;
  return type.shape.every((dim) =>
    typeof dim === "number" ? Number.isInteger(dim) && dim >= 0 : dim.key !== "",
  );
}

describe("nodes that make no sense", () => {
  it("never throw, and never get a negative or fractional size", () => {
    const property = fc.property(node, ({ opType, opset, inputs, outputs, attributes }) => {
      const model = createModel(opset);
      const values = inputs.map((init, index) => {
        const name = `i${index}`;
        if (init.kind === "skipped") return null;
        if (init.kind === "input")
          return model.graph.addInput({ name, type: tensorType(init.dtype, init.shape) });
        const elements = init.scalar ? init.values.slice(0, 1) : init.values;
        const dims = init.scalar ? [] : [elements.length];
        return model.graph.addInitializer(name, tensorFromNumbers(init.dtype, dims, elements));
      });
      const made = model.graph.addNode({
        opType,
        inputs: values,
        outputs: Array.from({ length: outputs }, (_, index) => `o${index}`),
        attributes,
      });
      const facts = createFacts(model);
      for (const output of made.outputs) {
        if (output === null) continue;
        expect(sizesMakeSense(facts.typeOf(output))).toBe(true);
        const elements = facts.elements(output);
        const shape = facts.staticShape(output);
        if (elements === undefined || shape === undefined) continue;
        expect(elements.every((dim) => typeof dim !== "number" || Number.isInteger(dim))).toBe(true);
        expect(elements.length).toBe(shape.reduce((a, b) => a * b, 1));
      }
    });
    fc.assert(property, { seed: 11, numRuns: 20_000 });
  }, 120_000);
});
