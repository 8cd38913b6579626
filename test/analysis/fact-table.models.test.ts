import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { memorySource } from "../../src/base/bytes.js";
import { dtypeFromCode } from "../../src/ir/dtype.js";
import type { Value } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { decodeModel } from "../../src/proto/decode.js";
import type { SymDim } from "../../src/rules/dims.js";
import type { Facts } from "../../src/rules/facts.js";
import { evaluateDim } from "../../src/rules/model-dims.js";
import { typeText } from "../support/facts.js";

const folder = fileURLToPath(new URL("../../../shared/models", import.meta.url));
const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
const files = entries.filter((path) => path.endsWith(".onnx")).sort();

interface StoredTensor {
  readonly dims: readonly number[];
  readonly dtype: string | undefined;
}

/** `output_0.pb`, ... of a data set; values that are no tensors are skipped. */
function stored(
  dataSet: string,
  kind: "input" | "output",
  values: readonly Value[],
): Map<Value, StoredTensor> {
  const tensors = new Map<Value, StoredTensor>();
  values.forEach((value, index) => {
    const file = join(dataSet, `${kind}_${index}.pb`);
    if (value.type?.kind !== "tensor" || !existsSync(file)) return;
    const tensor = onnxProto.onnx.TensorProto.decode(readFileSync(file));
    tensors.set(value, { dims: tensor.dims.map(Number), dtype: dtypeFromCode(tensor.dataType) });
  });
  return tensors;
}

function load(file: string): Model {
  return decodeModel(memorySource(readFileSync(join(folder, file))));
}

/** The numbers that the symbols of the inputs stand for in a data set. */
function sizesOf(inputs: ReadonlyMap<Value, StoredTensor>, facts: Facts): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [value, { dims }] of inputs) {
    facts.shape(value)?.forEach((dim: SymDim, axis) => {
      if (typeof dim !== "number") sizes.set(dim.key, dims[axis] ?? -1);
    });
  }
  return sizes;
}

describe.skipIf(files.length === 0)("models of ../shared/models (skipped: the folder is absent)", () => {
  it("agrees with every stored output, and knows the whole shape of most", () => {
    const wrong: string[] = [];
    let outputs = 0;
    let whole = 0;
    for (const file of files) {
      const dataSets = readdirSync(join(folder, dirname(file))).filter((name) =>
        name.startsWith("test_data_set_"),
      );
      if (dataSets.length === 0 || !file.endsWith("/model.onnx")) continue;
      const model = load(file);
      const facts = createFacts(model);
      for (const dataSet of dataSets) {
        const path = join(folder, dirname(file), dataSet);
        const sizes = sizesOf(stored(path, "input", model.graph.inputs), facts);
        for (const [value, tensor] of stored(path, "output", model.graph.outputs)) {
          const shape = facts.shape(value);
          const known = shape?.map((dim) => evaluateDim(dim, sizes));
          const agrees =
            known === undefined ||
            (known.length === tensor.dims.length &&
              known.every((size, axis) => size === undefined || size === tensor.dims[axis]));
          const dtype = facts.dtype(value);
          if (!agrees || (dtype !== undefined && dtype !== tensor.dtype)) {
            wrong.push(
              `${file}: ${typeText(facts.typeOf(value))} but stored ${tensor.dtype}[${tensor.dims}]`,
            );
          }
          outputs++;
          if (known?.every((size) => size !== undefined)) whole++;
        }
      }
    }
    expect(wrong).toEqual([]);
    // Measured; the others take axes, sizes or counts from the data. May only rise.
    expect(outputs).toBeGreaterThan(1200);
    expect(whole / outputs).toBeGreaterThan(0.8);
  });

  it("agrees with every declaration, and knows almost every inner shape of the networks without any", () => {
    const conflicts: string[] = [];
    let values = 0;
    let ranked = 0;
    for (const file of files) {
      const model = load(file);
      const facts = createFacts(model);
      for (const node of model.nodes()) for (const value of node.outputs) if (value) facts.typeOf(value);
      conflicts.push(...facts.conflicts.map(({ element, message }) => `${file}: ${element}: ${message}`));
      if (file.startsWith("onnx-node")) continue;
      const bare = load(file);
      for (const node of bare.nodes()) for (const value of node.outputs) if (value) value.info = undefined;
      const alone = createFacts(bare);
      for (const node of bare.graph.nodes()) {
        for (const value of node.outputs) {
          if (value === null) continue;
          values++;
          if (alone.rank(value) !== undefined) ranked++;
        }
      }
    }
    expect(conflicts).toEqual([]);
    expect(values).toBeGreaterThan(10_000);
    expect(ranked / values).toBeGreaterThan(0.99);
  });
});
