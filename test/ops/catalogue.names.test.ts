import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createModel } from "../../src/ir/model.js";
import { isStandardOperator } from "../../src/ops/catalogue.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Lists of operators outside the declarations, each with the reason why no trait or field replaces it. */
const ALLOWED: Readonly<Record<string, string>> = {
  "src/ops/recurrent/reference.ts":
    "the activations that an LSTM and a GRU have by default, by the specification",
  "src/batchnorm/activations.ts": "the spellings of activations, told apart inside",
  "src/batchnorm/linear.ts":
    "how a weight may be stored, and where each linear operator has its channels: a choice of insertion",
  "src/batchnorm/own-constants.ts":
    "the operators that give a constant in another form: a choice of what training parts",
  "src/batchnorm/value-normalization.ts": "the views that put samples among channels: a choice of its own",
  "src/reduce/reduce.ts": "the operators whose bodies are opened: its subject",
  "src/training/roles.ts": "the two that give the data in another form beside those with traits",
  "src/batchnorm/trace.ts": "the operators whose branches insertion follows: a choice of insertion",
  "src/fold/plan.ts": "the operators that are cheap enough to be copied: a choice of the fold",
  "src/fold/remainder.ts": "the operators that can take a shift into their constant: a choice of the fold",
  "src/gradient/differentiate-graph.ts":
    "the operators whose bodies have a gradient: a choice of the gradient",
  "src/relayout/region.ts": "the operators that are not regions of their own: a choice of the layout",
  "src/rewrite/apply-rows.ts": "the normalizations whose axis is another on a matrix",
  "src/rewrite/row-region.ts":
    "the operators that begin a region of rows, and the normalizations that work on them",
  "src/rewrite/sum-terms.ts": "the two operators that a sum is read from",
  "src/training/loss.ts": "the activations that a loss takes in: a choice of the loss",
  "src/analysis/estimate.ts": "the operators whose bodies are counted by what runs of them",
  "src/fold/special-values.ts": "what onnxruntime's kernels and single operators do to -0 and infinity",
  "src/ops/attribute-defaults.ts": "the defaults of attributes, by operator, from the specification",
  "src/ops/axes.ts": "where operators name axes, and among which, from the specification",
  "src/rewrite/bounds.ts": "the two operators that bound a value from one side",
  "src/rewrite/view-form.ts": "the operators that a view can be written as",
  "src/runtime/carried-demand.ts": "the operators that hand values of inputs on: a choice of the check",
  "src/runtime/special-values.ts": "operators that are safe for special values in spite of their traits",
  "src/staging/versions.ts": "the operators whose newest version has no kernel in onnxruntime",
  "src/target/attention.ts": "the operators of a pattern that onnxruntime fuses",
  "src/target/blocked.ts": "the operators of onnxruntime's blocked layout",
  "src/target/fusions.ts": "the operators of patterns that onnxruntime fuses",
  "passes/eliminate-neutral-affine.ts": "the operators that keep -0 beside a neutral constant",
  "passes/eliminate-transposes.ts": "the views that a Transpose may become",
  "passes/eliminate-views.ts": "the views that the pass takes away: its subject",
  "passes/merge-unary-chains.ts": "the pairs of operators that the pass merges: its subject",
  "src/runtime/inputs.ts": "the operators whose inputs have to be small positive numbers",
  "passes/eliminate-no-op-movement.ts": "the same operators as its rule's list, each with its test",
  "passes/fuse-gemm.ts": "the same operators as its rule's list, told apart inside",
  "passes/fuse-pad.ts": "the same operators as its rule's list, told apart inside",
  "passes/inline-control-flow.ts": "the same operators as its rule's list, told apart inside",
  "passes/merge-linear-chains.ts": "the same operators as its rule's list, told apart inside",
  "passes/merge-parallel-branches.ts": "the same operators as its rule's list, told apart inside",
  "passes/merge-variadic-chains.ts": "the same operators as its rule's list, told apart inside",
  "passes/simplify-sizes.ts": "the operators that exporters compute sizes for: a choice of the pass",
};

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/**
 * The operators that a file lists: two or more in an array, or in a call of is(). A rule's own `operators` and a
 * spelling's `ends` are its business.
 */
function listsIn(text: string): string[] {
  const arrays = [...text.matchAll(/(\w*):?\s*\(?\[((?:\s*"\w+",?)+)\s*\]/g)].filter(
    ([, name]) => name !== "operators" && name !== "ends",
  );
  const calls = [...text.matchAll(/(\.is)\(((?:\s*"\w+",?){2,})\s*\)/g)];
  return [...arrays, ...calls].flatMap(([, , inside = ""]) => {
    const names = [...inside.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
    return names.length > 1 && names.every(isStandardOperator) ? [names.join(", ")] : [];
  });
}

/** The operators of each table in a file, in the order of its rows. */
function rowsIn(text: string): string[][] {
  const tables = text.matchAll(
    /^(?:export )?const (?:OPERATORS|\w+: (?:FacetTable|GradientRules|RaiseTable|InferTable)\b[^\n]*) = \{\n(.*?)^\}/gms,
  );
  return [...tables].map(([, rows = ""]) =>
    [...rows.matchAll(/^ {2}(\w+)\b/gm)].map(([, name = ""]) => name),
  );
}

/** Tables by operator, with two keys or more: of objects and of Maps; and patterns that a name is matched with. */
function tablesIn(text: string): string[] {
  const pairs = namesOf(text.matchAll(/\[\s*"(\w+)",\s*[^"\s]/g));
  const keys = namesOf(text.matchAll(/(?<=[{,]\s*)"?(\w+)"?\s*:/g));
  const patterns = [...text.matchAll(/(\/\S*[$^]\S*\/\w*|[A-Z_]{2,})\.test\([^)]*opType/g)];
  return [
    ...[pairs, keys].filter((names) => names.length > 1).map((names) => names.join(", ")),
    ...patterns.map(([, pattern = ""]) => pattern),
  ];
}

function namesOf(matches: Iterable<RegExpExecArray>): readonly string[] {
  return [...matches].map(([, name = ""]) => name).filter(isStandardOperator);
}

/** A family's own tables have a row for each of its operators, which the type check holds. */
const isFamilyFile = (file: string): boolean => /^src\/ops\/\w+\//.test(file);

describe("names of operators", () => {
  it("are the order of the rows in every table", () => {
    const tables = sources("src/ops").flatMap((file) =>
      rowsIn(readFileSync(join(root, file), "utf8")).map((rows) => ({ file, rows })),
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
        const text = readFileSync(join(root, file), "utf8");
        const lists = [...listsIn(text), ...(isFamilyFile(file) ? [] : tablesIn(text))];
        return lists.length > 0 ? [[file, lists] as const] : [];
      }),
    );
    expect([...found].filter(([file]) => ALLOWED[file] === undefined)).toEqual([]);
    expect(Object.keys(ALLOWED).filter((file) => !found.has(file))).toEqual([]);
  });

  it("finds a list where there is one", () => {
    expect(listsIn('const X = ["Relu", "Elu"];')).toEqual(["Relu, Elu"]);
    expect(listsIn('node.is("Relu", "Elu", "Selu")')).toEqual(["Relu, Elu, Selu"]);
    expect(listsIn('node.is("Relu", "Elu")')).toEqual(["Relu, Elu"]);
    expect(listsIn('operators: ["Relu", "Elu"]')).toEqual([]);
    expect(tablesIn("const SLOPES = { Relu: 1, Elu: 2 };")).toEqual(["Relu, Elu"]);
    expect(tablesIn('new Map([["Relu", 1], ["Elu", 2]])')).toEqual(["Relu, Elu"]);
    expect(tablesIn("/Normalization$/.test(node.opType)")).toEqual(["/Normalization$/"]);
    expect(tablesIn("NORMALIZATION.test(use.node.opType)")).toEqual(["NORMALIZATION"]);
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
