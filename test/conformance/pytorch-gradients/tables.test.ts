import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { present } from "../../../src/base/assert.js";
import { type ReferenceTensor, referenceTensor, transpose } from "../../../src/float64/tensor.js";
import type { AttributeInit } from "../../../src/ir/attribute.js";
import type { Value } from "../../../src/ir/graph.js";
import { createModel, type Model } from "../../../src/ir/model.js";
import { tensorFromNumbers } from "../../../src/ir/tensor.js";
import { tensorType } from "../../../src/ir/type.js";
import { emit, expectClose, runInOrt, withoutShapes } from "../../support/gradient.js";

interface TableTensor {
  readonly dims: readonly number[];
  readonly data: readonly number[];
  readonly type?: "float" | "int64" | "bool";
}

/** tables/README.md says what the fields are. */
interface Row {
  readonly op: string;
  readonly opset: number;
  readonly attributes?: Readonly<Record<string, number | string | readonly number[] | { float: number }>>;
  readonly inputs: readonly (TableTensor | null)[];
  readonly outputs?: number;
  readonly output?: number;
  readonly gradient: TableTensor;
  readonly gradients: readonly (readonly number[] | null)[];
}

const folder = new URL("tables/", import.meta.url);

function rowsOf(file: string): readonly Row[] {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

function attributesOf(row: Row): Record<string, AttributeInit> {
  return Object.fromEntries(
    Object.entries(row.attributes ?? {}).map(([name, value]): [string, AttributeInit] => {
      if (typeof value !== "object") return [name, value];
      return [name, "float" in value ? { kind: "float", value: value.float } : value];
    }),
  );
}

/**
 * The operator on inputs x0, x1, ..., with its output named "of"; what is no float is a constant, as it mostly is in models.
 * `isTurned`: every input and the output have their axes in reverse order outside, so that a runtime finds Transposes to move.
 */
function modelOfRow(row: Row, isTurned: boolean): Model {
  const model = createModel(row.opset);
  const { graph } = model;
  const turn = (value: Value, rank: number, name: string): Value => {
    // Without the attribute, onnxruntime leaves a Transpose where it is.
    const attributes = { perm: [...Array(rank).keys()].reverse() };
    const node = graph.addNode({ opType: "Transpose", inputs: [value], outputs: [name], attributes });
    return present(node.output(0), "a Transpose has an output");
  };
  const inputs = row.inputs.map((tensor, index): Value | null => {
    if (tensor === null) return null;
    const { dims, data, type = "float" } = tensor;
    if (type !== "float") return graph.addInitializer(`x${index}`, tensorFromNumbers(type, dims, data));
    const outside = isTurned ? [...dims].reverse() : dims;
    const input = graph.addInput({ name: `x${index}`, type: tensorType(type, outside) });
    return isTurned ? turn(input, dims.length, `x${index}_turned`) : input;
  });
  const wanted = row.output ?? 0;
  const outputs = Array.from({ length: row.outputs ?? 1 }, (_, index) =>
    index === wanted && !isTurned ? "of" : `y${index}`,
  );
  const node = graph.addNode({ opType: row.op, inputs, outputs, attributes: attributesOf(row) });
  const result = present(node.output(wanted), `${row.op} has output ${wanted}`);
  const { dims } = row.gradient;
  const output = isTurned ? turn(result, dims.length, "of") : result;
  output.info = { name: "of", type: tensorType("float", isTurned ? [...dims].reverse() : dims) };
  graph.addOutput(output);
  return model;
}

function turned(tensor: ReferenceTensor): ReferenceTensor {
  return transpose(tensor, [...tensor.dims.keys()].reverse());
}

const TWINS: Readonly<Record<string, { readonly isTurned: boolean; readonly isOptimized: boolean }>> = {
  "as it is": { isTurned: false, isOptimized: false },
  "with unknown sizes": { isTurned: false, isOptimized: true },
  "between Transposes": { isTurned: true, isOptimized: true },
};

async function checkRow(row: Row): Promise<void> {
  const wrt = row.gradients.flatMap((gradient, index) => (gradient === null ? [] : [`x${index}`]));
  for (const [twin, { isTurned, isOptimized }] of Object.entries(TWINS)) {
    const outside = isTurned ? turned : (tensor: ReferenceTensor) => tensor;
    const feeds = new Map<string, ReferenceTensor>();
    row.inputs.forEach((tensor, index) => {
      if (tensor !== null && (tensor.type ?? "float") === "float")
        feeds.set(`x${index}`, outside(referenceTensor("float", tensor.dims, tensor.data)));
    });
    feeds.set("gradient_in", outside(referenceTensor("float", row.gradient.dims, row.gradient.data)));
    const plain = modelOfRow(row, isTurned);
    const model = twin === "with unknown sizes" ? withoutShapes(plain, "symbols") : plain;
    const results = await runInOrt(emit(model, "of", wrt), feeds, isOptimized);
    row.gradients.forEach((gradient, index) => {
      if (gradient === null) return;
      const actual = present(results.get(`x${index}_grad`), `there is a gradient of x${index}`);
      const expected = outside(referenceTensor("float", row.inputs[index]?.dims ?? [], gradient));
      expectClose(actual, expected, 2e-6, `${row.op} x${index} ${twin}`, model);
    });
  }
}

describe("gradients that PyTorch computed", () => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));

  it("are there", () => {
    expect(files).toEqual(expect.arrayContaining(["elementwise.json", "reduction.json"]));
  });

  for (const file of files) {
    const rows = rowsOf(file);
    for (const op of new Set(rows.map((row) => row.op))) {
      it(`${file}: ${op}`, async () => {
        for (const row of rows) if (row.op === op) await checkRow(row);
      });
    }
  }
});
