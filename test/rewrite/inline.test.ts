import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Graph, Node } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { tensorType } from "../../src/ir/type.js";
import { verify } from "../../src/ir/verify.js";
import {
  Inliner,
  inliningBlocked,
  NodeNames,
  pinnedOutput,
  visitReplacing,
} from "../../src/rewrite/inline.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

const IF = (then: string): Model =>
  parseGraph(
    `g (float[2] x, bool c) => (float[2] y) <float[2] k = {1, 2}> {
       a = Neg (x)
       y = If (c) <then_branch = t () => (float[2] p) { ${then} }, else_branch = e () => (float[2] q) { q = Abs (a) }>
     }`,
    { opset: 17 },
  );

function branchOf(node: Node): Graph {
  const [branch] = node.subgraphs;
  if (branch === undefined) throw new Error("no branch");
  return branch;
}

/** The nodes that are left when the branch stands for the If. */
function inlined(model: Model): readonly string[] {
  const node = nodeOf(model, "y");
  const body = branchOf(node);
  new Inliner().replace(
    node,
    { body, inputs: new Map() },
    (twin) => body.outputs.map(twin),
    new Rewriter(createFacts(model)),
  );
  expect(verify(model)).toEqual([]);
  return sketch(model);
}

describe("Inliner", () => {
  it("copies the nodes in front of the node, and gives the result the name of its output", () => {
    expect(inlined(IF("b = Exp (a) p = Add (b, k)"))).toEqual(["a = Neg(x)", "b = Exp(a)", "y = Add(b, k)"]);
  });

  it("gives a result that is older than the node no other name, and the graph's output a copy", () => {
    const older = (value: string, rest: string): readonly string[] => {
      const model = parseGraph(
        `g (float[2] x, bool c) => (float[2] v) {
           a = Neg (x) u = Exp (a)
           y = If (c) <then_branch = t () => (float[2] p) { p = Neg (x) }, else_branch = e () => (float[2] q) { q = Abs (x) }>
           ${rest}
         }`.replace("(float[2] v)", rest === "" ? "(float[2] y)" : "(float[2] v)"),
        { opset: 17 },
      );
      const inlining = { body: undefined, inputs: new Map() };
      const result = valueNamed(model, value);
      new Inliner().replace(nodeOf(model, "y"), inlining, () => [result], new Rewriter(createFacts(model)));
      return sketch(model);
    };
    expect(older("a", "v = Abs (y)")).toEqual(["a = Neg(x)", "u = Exp(a)", "v = Abs(a)"]);
    expect(older("x", "")).toEqual(["a = Neg(x)", "u = Exp(a)", "y = Identity(x)"]);
  });

  it("binds the inputs and attributes of a function's body", () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
      g (float[2] x) => (float[2] y) { y = local.f <slope = 0.5> (x) }
      <domain: "local", opset_import: ["" : 17]> f <slope> (a) => (b) { b = LeakyRelu <alpha: float = @slope> (a) }`);
    const call = nodeOf(model, "y");
    const [made] = model.functions.values();
    if (made === undefined) throw new Error("no function");
    const { body } = made;
    const [input] = body.inputs;
    const inputs = new Map(input === undefined ? [] : [[input, call.input(0) ?? null]]);
    new Inliner().replace(
      call,
      { body, inputs, attributes: call.attributes },
      (twin) => body.outputs.map(twin),
      new Rewriter(createFacts(model)),
    );
    expect(sketch(model)).toEqual(["y = LeakyRelu(x)", "f: b = LeakyRelu(a)"]);
    expect(nodeOf(model, "y").float("alpha")).toBe(0.5);
  });
});

it("inliningBlocked and pinnedOutput refuse what training binds", () => {
  const model = IF("b = Exp (a) p = Neg (b)");
  const body = branchOf(nodeOf(model, "y"));
  expect(inliningBlocked(body, model.graph)).toBeUndefined();
  expect(pinnedOutput(nodeOf(model, "b"))).toBeUndefined();
  valueNamed(model, "b").addUse({ kind: "pin", reason: "training" });
  expect(inliningBlocked(body, model.graph)).toMatchObject({ id: "body-value-is-pinned" });
  expect(pinnedOutput(nodeOf(model, "b"))).toMatchObject({ id: "value-is-pinned" });
});

it("NodeNames gives no name of a graph twice", () => {
  const { graph } = parseGraph('g (float[2] x) => (float[2] y) { ["n"] y = Neg (x) }', { opset: 17 });
  const names = new NodeNames();
  const given = ["n", "n", "m", "", undefined].map((name) => names.fresh(graph, name));
  expect(given).toEqual(["n_1", "n_2", "m", "", undefined]);
});

it("visitReplacing visits the nodes that replace another, and bodies", () => {
  const model = IF("b = Exp (a) p = Neg (b)");
  const seen: string[] = [];
  visitReplacing(model.graph, (node) => {
    seen.push(node.key);
    if (!node.is("Neg") || node.key !== "a") return false;
    const made = model.graph.addNode({ opType: "Relu", inputs: node.inputs, outputs: ["r"] }, node);
    const result = made.output(0);
    if (result !== undefined) model.graph.replaceUses(valueNamed(model, "a"), result);
    model.graph.removeNode(node);
    return true;
  });
  expect(seen).toEqual(["a", "r", "y", "b", "p", "q"]);
});

describe("bodies that are not copied", () => {
  const blocked = (change: (body: Graph) => void): unknown => {
    const model = IF("p = Add (a, k)");
    const body = branchOf(nodeOf(model, "y"));
    change(body);
    return inliningBlocked(body, model.graph);
  };

  it("is copied as it stands", () => {
    expect(blocked(() => {})).toBeUndefined();
  });

  it("has annotations of quantization", () => {
    const annotate = (body: Graph): void => {
      const [value] = body.outputs;
      if (value === undefined) throw new Error("no output");
      body.annotations = [{ tensor: value, parameters: [], wire: new Uint8Array() }];
    };
    expect(blocked(annotate)).toMatchObject({ id: "body-has-annotations" });
  });

  it("has an input with a default", () => {
    const give = (body: Graph): void => {
      const type = tensorType("float", [1]);
      body.addInput({ name: "given", type }).tensor = tensorFromNumbers("float", [1], [2]);
    };
    expect(blocked(give)).toMatchObject({ id: "body-input-has-default" });
  });
});
