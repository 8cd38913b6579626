import { describe, expect, it } from "vitest";
import { Calls } from "../../src/ir/calls.js";
import type { Model } from "../../src/ir/model.js";
import { parseModel } from "../../src/text/parse.js";

/** A model that calls the first of some functions, each given by its nodes, from x to y. */
function model(...bodies: readonly string[]): Model {
  const functions = bodies.map(
    (body, i) => `<domain: "f", opset_import: ["" : 17, "f" : 1]> F${i} (x) => (y) { ${body} }`,
  );
  return parseModel(`<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
    g (float[2] x) => (y) { y = f.F0 (x) } ${functions.join(" ")}`);
}

function extents(of: Model): unknown[] {
  const calls = new Calls(of);
  return of.functions.map((fn) => calls.extentOf(fn));
}

describe("what the calls of a model come to", () => {
  it("counts the nodes of functions, and the calls themselves", () => {
    expect(extents(model("z = f.F1 (x) y = f.F1 (z)", "z = Neg (x) y = Abs (z)"))).toEqual([
      { nodes: 6, depth: 0 },
      { nodes: 2, depth: 0 },
    ]);
  });

  it("counts bodies inside each other through calls", () => {
    const branch = (call: string): string =>
      `c = Constant <value_int: int = 1> () b = Cast <to = 9> (c)
       y = If (b) <then_branch = t () => (p) { p = ${call} }, else_branch = e () => (q) { q = Neg (x) }>`;
    expect(extents(model(branch("f.F1 (x)"), branch("Abs (x)")))).toEqual([
      { nodes: 10, depth: 2 },
      { nodes: 5, depth: 1 },
    ]);
  });

  it("finds functions that call themselves, directly, through others, or call one that does", () => {
    expect(extents(model("y = f.F0 (x)"))).toEqual([undefined]);
    expect(extents(model("y = f.F1 (x)", "y = f.F2 (x)", "y = f.F1 (x)"))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(extents(model("y = f.F1 (x)", "y = f.F1 (x)", "y = Neg (x)"))).toEqual([
      undefined,
      undefined,
      { nodes: 1, depth: 0 },
    ]);
  });

  it("goes through ten thousand functions, and numbers that double at each", () => {
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      i === 9999 ? "y = Neg (x)" : `y = f.F${i + 1} (x)`,
    );
    expect(extents(model(...chain))[0]).toEqual({ nodes: 10_000, depth: 0 });
    const doubling = Array.from({ length: 41 }, (_, i) =>
      i === 40 ? "y = Neg (x)" : `z = f.F${i + 1} (x) y = f.F${i + 1} (z)`,
    );
    expect(extents(model(...doubling))[0]).toEqual({ nodes: 3 * 2 ** 40 - 2, depth: 0 });
  });

  it("adds up the model, without functions that are too large", () => {
    const body = "y = Neg (x)";
    expect(new Calls(model(body)).inAll()).toBe(2);
    expect(new Calls(model("z = Neg (x) y = Abs (z)")).inAll(1)).toBe(1);
  });
});
