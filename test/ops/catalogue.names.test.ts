import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createModel } from "../../src/ir/model.js";
import { isStandardOperator } from "../../src/ops/catalogue.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Lists of operators that stand outside the declarations, each with the reason why no trait says it. */
const ALLOWED: Readonly<Record<string, string>> = {
  "src/ops/recurrent/reference.ts":
    "the activations that an LSTM and a GRU have by default, by the specification",
  "src/batchnorm/activations.ts": "the three activations whose product with their own input has a name",
  "src/batchnorm/trace.ts": "the operators whose branches insertion follows: a choice of insertion",
  "src/fold/remainder.ts": "the operators that can take a shift into their constant: a choice of the fold",
  "src/training/loss.ts": "the activations that a loss takes in: a choice of the loss",
  "src/runtime/inputs.ts": "the operators whose inputs have to be small positive numbers",
  "passes/fuse-pad.ts": "the same operators as its rule's list, told apart inside",
  "passes/merge-variadic-chains.ts": "the same operators as its rule's list, told apart inside",
};

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** The lists of two or more operators that a file writes out; a rule's own `operators` and a spelling's `ends` are its business. */
function listsIn(text: string): string[] {
  const arrays = [...text.matchAll(/(\w*):?\s*\(?\[((?:\s*"\w+",?)+)\s*\]/g)].filter(
    ([, name]) => name !== "operators" && name !== "ends",
  );
  const calls = [...text.matchAll(/\.(is)\(((?:\s*"\w+",?){3,})\s*\)/g)];
  return [...arrays, ...calls].flatMap(([, , inside = ""]) => {
    const names = [...inside.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
    return names.length > 1 && names.every(isStandardOperator) ? [names.join(", ")] : [];
  });
}

/** The operators of each table in a file, in the order of its rows. */
function tablesIn(text: string): string[][] {
  const tables = text.matchAll(
    /^(?:export )?const (?:OPERATORS|\w+: (?:FacetTable|GradientRules|RaiseTable|InferTable)\b[^\n]*) = \{\n(.*?)^\}/gms,
  );
  return [...tables].map(([, rows = ""]) =>
    [...rows.matchAll(/^ {2}(\w+)\b/gm)].map(([, name = ""]) => name),
  );
}

describe("names of operators", () => {
  it("are the order of the rows in every table", () => {
    const tables = sources("src/ops").flatMap((file) =>
      tablesIn(readFileSync(join(root, file), "utf8")).map((rows) => ({ file, rows })),
    );
    expect(tables.length).toBeGreaterThan(100);
    for (const { file, rows } of tables) expect(rows, file).toEqual([...rows].sort());
  });

  it("are listed nowhere but in the declarations and in the rules' own lists", () => {
    const files = [...sources("src"), ...sources("passes")].filter(
      (file) => !file.endsWith("/operators.ts") && !file.startsWith("src/patterns/"),
    );
    const found = new Map(
      files.flatMap((file) => {
        const lists = listsIn(readFileSync(join(root, file), "utf8"));
        return lists.length > 0 ? [[file, lists] as const] : [];
      }),
    );
    expect([...found].filter(([file]) => ALLOWED[file] === undefined)).toEqual([]);
    expect(Object.keys(ALLOWED).filter((file) => !found.has(file))).toEqual([]);
  });

  it("finds a list where there is one", () => {
    expect(listsIn('const X = ["Relu", "Elu"];')).toEqual(["Relu, Elu"]);
    expect(listsIn('node.is("Relu", "Elu", "Selu")')).toEqual(["Relu, Elu, Selu"]);
    expect(listsIn('operators: ["Relu", "Elu"]')).toEqual([]);
  });

  it("are a type: a misspelled one does not compile", () => {
    const model = createModel(17);
    const x = model.graph.addInput({ name: "x" });
    const node = model.graph.addNode({ opType: "Sigmoid", inputs: [x], outputs: ["y"] });
    // @ts-expect-error: there is no such operator.
    expect(node.is("Sigmod")).toBe(false);
    expect(node.is("Sigmoid")).toBe(true);
  });
});
