import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ReferenceTensor, referenceTensor } from "../../../src/float64/tensor.js";
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

/** The operator on inputs x0, x1, ...; what is no float is a constant, as it mostly is in models. */
function modelOfRow(row: Row): Model {
  const model = createModel(row.opset);
  const { graph } = model;
  const inputs = row.inputs.map((tensor, index): Value | null => {
    if (tensor === null) return null;
    const { dims, data, type = "float" } = tensor;
    if (type !== "float") return graph.addInitializer(`x${index}`, tensorFromNumbers(type, dims, data));
    return graph.addInput({ name: `x${index}`, type: tensorType(type, dims) });
  });
  const outputs = Array.from({ length: row.outputs ?? 1 }, (_, index) => `y${index}`);
  const node = graph.addNode({ opType: row.op, inputs, outputs, attributes: attributesOf(row) });
  const output = node.output(row.output ?? 0);
  if (output === undefined) throw new Error(`${row.op} has no output ${row.output}`);
  output.info = { name: output.name, type: tensorType("float", row.gradient.dims) };
  graph.addOutput(output);
  return model;
}

async function checkRow(row: Row): Promise<void> {
  const model = modelOfRow(row);
  const feeds = new Map<string, ReferenceTensor>();
  row.inputs.forEach((tensor, index) => {
    if (tensor !== null && (tensor.type ?? "float") === "float")
      feeds.set(`x${index}`, referenceTensor("float", tensor.dims, tensor.data));
  });
  feeds.set("gradient_in", referenceTensor("float", row.gradient.dims, row.gradient.data));
  const wrt = row.gradients.flatMap((gradient, index) => (gradient === null ? [] : [`x${index}`]));
  const of = `y${row.output ?? 0}`;
  for (const twin of [model, withoutShapes(model, "symbols")]) {
    const results = await runInOrt(emit(twin, of, wrt), feeds, twin !== model);
    row.gradients.forEach((gradient, index) => {
      if (gradient === null) return;
      const actual = results.get(`x${index}_grad`);
      if (actual === undefined) throw new Error(`no gradient of x${index}`);
      const dims = row.inputs[index]?.dims ?? [];
      expectClose(actual, referenceTensor("float", dims, gradient), 2e-6, `${row.op} x${index}`, twin);
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
