import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Node } from "../../src/ir/graph.js";
import { candidatesOf } from "../../src/rewrite/candidates.js";
import {
  computableNodes,
  MOST_BYTES,
  MOST_OPERATIONS,
  planComputation,
} from "../../src/rewrite/compute-plan.js";
import { parseGraph } from "../../src/text/parse.js";

interface Plan {
  /** The names of the values of each batch. */
  readonly batches: readonly (readonly string[])[];
  /** The ids of the refusals, by the label of the node. */
  readonly refused: Readonly<Record<string, string>>;
  readonly unsized: readonly string[];
  readonly spent: number;
}

function plan(text: string, operations = 0): Plan {
  const model = parseGraph(text, { opset: 17 });
  const unsized: string[] = [];
  const refused: Record<string, string> = {};
  const spent = { operations };
  const isAny = (node: Node): boolean => node.subgraphs.length === 0;
  const computable = computableNodes(model.graph.nodes(), createFacts(model), isAny, (node) => {
    unsized.push(node.label);
  });
  const batches = planComputation(candidatesOf(computable), computable, spent, (node, { id }) => {
    refused[node.label] = id;
  });
  const names = batches.map((batch) => batch.map(({ value }) => value.name));
  return { batches: names, refused, unsized, spent: spent.operations - operations };
}

/** A graph that adds each named value to its input. */
function graph(constants: string, nodes: string, ...results: readonly string[]): string {
  const sums = results.map((name, i) => `y${i} = Add (x, ${name})`);
  return `g (float x) => (${results.map((_, i) => `y${i}`).join(", ")}) <${constants}> { ${nodes} ${sums.join(" ")} }`;
}

/** A chain of `count` nodes, each of 2^20 floats, and its sum under `name`. */
function chain(name: string, count: number): string {
  const nodes = [`${name}0 = ConstantOfShape <value = float[1] {1.5}> (s)`];
  for (let i = 1; i < count; i++) nodes.push(`${name}${i} = Cos (${name}${i - 1})`);
  return `${nodes.join(" ")} ${name} = ReduceSum <keepdims = 0> (${name}${count - 1})`;
}

const MILLION = "int64[1] s = {1048576}";
const FITS = MOST_BYTES / 2 ** 22;

describe("the plan of a computation", () => {
  it("takes all results in one batch while they fit", () => {
    expect(plan(graph(MILLION, `${chain("a", 3)} ${chain("b", 4)}`, "a", "b"))).toMatchObject({
      batches: [["a", "b"]],
      refused: {},
    });
  });

  it("counts all values on the way, not the results alone", () => {
    expect(plan(graph(MILLION, chain("a", FITS), "a")).batches).toEqual([["a"]]);
    expect(plan(graph(MILLION, chain("a", FITS + 1), "a"))).toMatchObject({
      batches: [],
      refused: { 'ReduceSum "a"': "computing-takes-too-much-memory" },
    });
  });

  it("takes results that only together need too much one after the other", () => {
    const nodes = ["a", "b", "c"].map((name) => chain(name, 60)).join(" ");
    expect(plan(graph(MILLION, nodes, "a", "b", "c")).batches).toEqual([["a", "b"], ["c"]]);
  });

  it("counts a value that several results come from once in a batch", () => {
    const nodes = `${chain("a", 100)} b = Neg (a) c = Abs (a99)`;
    expect(plan(graph(MILLION, nodes, "a", "b", "c")).batches).toEqual([["a", "b", "c"]]);
  });

  it("refuses what comes from a refused result", () => {
    const { refused } = plan(graph(MILLION, `${chain("a", FITS + 1)} b = Neg (a) c = Abs (b)`, "a", "c"));
    expect(refused).toEqual({
      'ReduceSum "a"': "computing-takes-too-much-memory",
      'Abs "c"': "computing-takes-too-much-memory",
    });
  });

  it("refuses work although it holds few bytes", () => {
    const product = (n: number): string =>
      graph(
        `int64[2] s = {${n}, ${n}}`,
        "c = ConstantOfShape (s) m = MatMul (c, c) r = ReduceMax <keepdims = 0> (m)",
        "r",
      );
    expect(plan(product(1000)).batches).toEqual([["r"]]);
    expect(plan(product(2000)).refused).toEqual({ 'ReduceMax "r"': "computing-takes-too-long" });
  });

  it("lets large constants take in proportion", () => {
    const zeros = Array.from({ length: 4096 }, () => "0").join(", ");
    const text = (times: number): string =>
      graph(
        `float[4096] w = {${zeros}}, int64[1] t = {${times}}`,
        "e = Tile (w, t) r = ReduceMax <keepdims = 0> (e)",
        "r",
      );
    expect(plan(text(MOST_BYTES / 16384 + 3)).batches).toEqual([["r"]]);
    expect(plan(text(MOST_BYTES / 16384 + 5)).batches).toEqual([]);
  });

  it("computes nothing or small results alone where all would take more than the run has left", () => {
    const text = graph(
      "int64[2] s = {200, 200}, float v = {2.0}",
      "c = ConstantOfShape (s) m = MatMul (c, c) e = Exp (v)",
      "m",
      "e",
    );
    const { spent } = plan(text);
    expect(plan(text, MOST_OPERATIONS - spent).batches).toEqual([["m", "e"]]);
    expect(plan(text, MOST_OPERATIONS - spent + 1)).toMatchObject({
      batches: [["e"]],
      refused: { 'MatMul "m"': "computing-takes-too-long" },
    });
  });

  it("leaves out nodes whose size only a run tells, and computes what they read", () => {
    const text = graph(
      "float[3] v = {1.0, 0.0, 2.0}",
      "a = Neg (v) z = NonZero (a) n = Cast <to = 1> (z)",
      "n",
    );
    expect(plan(text)).toMatchObject({ batches: [["z"]], unsized: ['Cast "n"'] });
  });
});
