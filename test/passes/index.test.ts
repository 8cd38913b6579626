import { describe, expect, it } from "vitest";
import { PASSES } from "../../passes/index.js";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { NormfoldError } from "../../src/base/errors.js";
import { isRefusal } from "../../src/base/refusal.js";
import { attribute } from "../../src/ir/attribute.js";
import type { Node } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { Tensor } from "../../src/ir/tensor.js";
import { valueNamed } from "../support/facts.js";
import { modelOf } from "../support/rewrite.js";

/** A place that a pass must leave alone: the node that gives "y". */
interface Place {
  readonly pass: string;
  /** The graph: inputs, constants, nodes; or a whole model. */
  readonly graph: readonly [inputs: string, constants: string, nodes: string] | string;
  readonly outputs?: string;
  readonly opset?: number;
  /** A value one of whose producer's attributes comes from the caller of a function. */
  readonly ref?: readonly [value: string, attribute: string];
  /** A constant whose external file is missing. */
  readonly missing?: string;
  /** A value that something outside of the nodes names. */
  readonly pinned?: string;
  /** Constants that are too large to be written here, with their sizes; nothing reads their elements. */
  readonly large?: Readonly<Record<string, readonly number[]>>;
  /** The id of the refusal; without one the pass passes over the node. */
  readonly refused?: string;
}

function prepared({ graph, outputs = "y", opset = 17, ref, missing, pinned, large = {} }: Place): Model {
  const text =
    typeof graph === "string" ? graph : `g (${graph[0]}) => (${outputs}) <${graph[1]}> { ${graph[2]} }`;
  const model = modelOf(text, opset);
  if (ref !== undefined) {
    const node = present(valueNamed(model, ref[0]).producer, "it is computed");
    node.set(attribute(ref[1], { kind: "ref", ref: "given", type: "int" }));
  }
  if (missing !== undefined) {
    const value = valueNamed(model, missing);
    const { dtype, dims } = present(value.tensor, "a constant");
    const external = { location: "gone.bin", offset: 0, length: undefined };
    const error = new NormfoldError("io", "gone.bin is missing");
    value.tensor = new Tensor(dtype, dims, { kind: "missing", external, error });
  }
  for (const [name, dims] of Object.entries(large)) {
    const compute = (): never => expect.unreachable("the elements are read");
    valueNamed(model, name).tensor = new Tensor("float", dims, { kind: "computed", compute });
  }
  if (pinned !== undefined) valueNamed(model, pinned).addUse({ kind: "pin", reason: "it is to be kept" });
  return model;
}

/** What the first rule of the pass that has anything to say answers. */
function answerOf(pass: string, node: Node, model: Model): unknown {
  const found = PASSES.find(({ name }) => name === pass);
  if (found?.kind !== "rules") throw new Error(`${pass} has no rules`);
  const settings = {
    growthLimit: 1e9,
    inlineFunctions: true,
    preserveNonfinite: false,
    target: "onnxruntime" as const,
  };
  const view = { model, facts: createFacts(model), settings };
  for (const rule of found.rules) {
    const answer = node.is(...(rule.operators ?? [])) ? rule.match(node, view) : undefined;
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function leftAlone(rows: Readonly<Record<string, Place>>): void {
  it.each(Object.entries(rows))("%s", (_, place) => {
    const model = prepared(place);
    const node = present(valueNamed(model, "y").producer, "y is computed");
    const answer = answerOf(place.pass, node, model);
    expect(isRefusal(answer) ? answer.id : answer).toBe(place.refused);
  });
}

const CALLER = "attribute-comes-from-caller";
const CHAIN = [
  "float[2,3] x",
  "float[3,4] A = {1,2,3,4,5,6,7,8,9,1,2,3}, float[4,2] B = {1,2,3,4,5,6,7,8}",
] as const;

describe("an attribute that the caller of a function gives", () => {
  leftAlone({
    "of the Gemm in front of a Transpose": {
      pass: "fuse-gemm",
      graph: [CHAIN[0], `${CHAIN[1]}, float[2,4] p`, "p = Gemm (x, A) y = Transpose (p)"],
      ref: ["p", "transA"],
      refused: CALLER,
    },
    "of the Transpose behind a Gemm": {
      pass: "fuse-gemm",
      graph: [CHAIN[0], CHAIN[1], "p = Gemm (x, A) y = Transpose (p)"],
      ref: ["y", "perm"],
    },
    "of the pool behind a Pad": {
      pass: "fuse-pad",
      graph: [
        "float[1,1,4,4] x",
        "int64[8] p = {0,0,1,1,0,0,1,1}",
        "y = Pad (x, p) z = AveragePool <kernel_shape = [2, 2]> (y)",
      ],
      outputs: "z",
      ref: ["z", "ceil_mode"],
      refused: CALLER,
    },
    "of the second of two views": {
      pass: "merge-view-chains",
      graph: ["float[2,3,4] x", "", "f = Flatten (x) y = Flatten <axis = 0> (f)"],
      ref: ["y", "axis"],
    },
    "of the first of two views": {
      pass: "merge-view-chains",
      graph: ["float[2,3,4] x", "int64[3] s = {4,3,2}", "f = Flatten (x) y = Reshape (f, s)"],
      ref: ["f", "axis"],
    },
    "of the second of two Concats": {
      pass: "merge-slices-and-concats",
      graph: ["float[2,3] x", "", "a = Concat <axis = 1> (x, x) y = Concat <axis = 1> (a, x)"],
      ref: ["y", "axis"],
    },
    "of a Split behind a Concat": {
      pass: "merge-slices-and-concats",
      graph: ["float[2,3] x, float[2,3] z", "", "a = Concat <axis = 1> (x, z) y, w = Split <axis = 1> (a)"],
      outputs: "y, w",
      opset: 11,
      ref: ["y", "split"],
    },
    "of a Gather of a Concat": {
      pass: "simplify-concat",
      graph: ["float[2,3] x", "int64 i = {1}", "a = Concat <axis = 1> (x, x) y = Gather <axis = 1> (a, i)"],
      ref: ["y", "axis"],
    },
    "of a Max of a Max": {
      pass: "merge-variadic-chains",
      graph: ["float[2] x, float[2] z", "", "a = Max (x, z) y = Max (a, x)"],
      ref: ["y", "consumed_inputs"],
    },
    "of the Max in a Max": {
      pass: "merge-variadic-chains",
      graph: ["float[2] x, float[2] z", "", "a = Max (x, z) y = Max (a, x)"],
      ref: ["a", "consumed_inputs"],
    },
  });
});

describe("a function of the model that bears an operator's name", () => {
  const functions = `<domain: "", opset_import: ["" : 17]> Conv (a, b) => (c) { c = Relu (a) }
    <domain: "", opset_import: ["" : 17]> Gather (a, b) => (c) { c = Relu (a) }`;
  const header = `<ir_version: 9, opset_import: ["" : 17]>`;
  leftAlone({
    "in front of a convolution": {
      pass: "merge-linear-chains",
      graph: `${header} g (float[1,2,3,3] x) => (float[1,2,3,3] y) <float[2,2,1,1] W = {1,2,3,4}>
        { a = Conv (x, W) y = Conv (a, W) } ${functions}`,
    },
  });
});

describe("numbers that would leave their range", () => {
  const overflow = "constant-would-overflow";
  const big = "float[3,3] A = {1e30,0,0,0,1,0,0,0,1}, float[3,3] B = {1e30,0,0,0,1,0,0,0,1}";
  leftAlone({
    "of a product of weights": {
      pass: "merge-linear-chains",
      graph: ["float[9,3] x", big, "p = MatMul (x, A) y = MatMul (p, B)"],
      refused: overflow,
    },
    "of a bias behind another product": {
      pass: "merge-linear-chains",
      graph: [
        "float[9,3] x",
        "float[3,3] A = {1,0,0,0,1,0,0,0,1}, float[3] a = {1e30,0,0}, float[3,3] B = {1e30,0,0,0,1,0,0,0,1}",
        "p = Gemm (x, A, a) y = Gemm (p, B)",
      ],
      refused: overflow,
    },
    "of a sum of weights in float16": {
      pass: "merge-parallel-branches",
      graph: [
        "float16[3,2] x",
        // 31743 is 65504, the largest there is.
        "float16[2,2] A = {31743,0,0,1}, float16[2,2] B = {31743,0,0,2}",
        "p = MatMul (x, A) q = MatMul (x, B) y = Add (p, q)",
      ],
      refused: overflow,
    },
    "of a sum of biases": {
      pass: "merge-parallel-branches",
      graph: [
        "float[2,1] x",
        "float[1,1] A = {1}, float[1] a = {3e38}",
        "p = Gemm (x, A, a) q = Gemm (x, A, a) y = Add (p, q)",
      ],
      refused: overflow,
    },
    "of two factors": {
      pass: "compose-affine",
      graph: ["float[2] x", "float a = {1e30}, float b = {1e30}", "p = Mul (x, a) y = Mul (p, b)"],
      refused: overflow,
    },
    "of two terms": {
      pass: "compose-affine",
      graph: ["float[2] x", "float a = {3e38}, float b = {3e38}", "p = Add (x, a) y = Add (p, b)"],
      refused: overflow,
    },
    "of a factor and a normalization": {
      pass: "compose-affine",
      graph: [
        "float[2,1] x",
        "float a = {1e30}, float[1] s = {1e30}, float[1] z = {0}, float[1] v = {1}",
        "p = Mul (x, a) y = BatchNormalization (p, s, z, z, v)",
      ],
      refused: overflow,
    },
  });
});

describe("weights that do not fit, or are not there", () => {
  leftAlone({
    "products whose inner sizes differ": {
      pass: "merge-linear-chains",
      graph: [
        "float[9,3] x",
        "float[3,3] A = {1,0,0,0,1,0,0,0,1}, float[2,3] B = {1,0,0,0,1,0}",
        "p = MatMul (x, A) y = MatMul (p, B)",
      ],
      refused: "weight-sizes-do-not-fit",
    },
    "a product in front of a recurrent layer whose weight is in a missing file": {
      pass: "merge-linear-chains",
      graph: [
        "float[3,1,9] x",
        `float[9,2] A = {${new Array(18).fill(1).join()}}, float[1,2,2] W = {1,2,3,4}, float[1,2,2] R = {1,2,3,4}`,
        "p = MatMul (x, A) y = RNN <hidden_size = 2> (p, W, R)",
      ],
      missing: "W",
      refused: "weight-file-is-missing",
    },
    "a convolution whose weight is in a missing file": {
      pass: "merge-linear-chains",
      graph: [
        "float[1,2,3,3] x",
        "float[2,2,1,1] W = {1,2,3,4}, float[2,2,1,1] V = {1,2,3,4}",
        "p = Conv (x, W) y = Conv (p, V)",
      ],
      missing: "V",
      refused: "weight-file-is-missing",
    },
    "a product whose weight is in a missing file": {
      pass: "merge-linear-chains",
      graph: [CHAIN[0], CHAIN[1], "p = MatMul (x, A) y = MatMul (p, B)"],
      missing: "B",
      refused: "weight-file-is-missing",
    },
    "a pinned result of two products": {
      pass: "merge-linear-chains",
      graph: [CHAIN[0], CHAIN[1], "p = MatMul (x, A) y = MatMul (p, B) z = Relu (y)"],
      outputs: "z",
      pinned: "y",
      refused: "value-is-pinned",
    },
  });
});

describe("borders", () => {
  it("go into an LpPool with a border of its own", () => {
    const graph = pad(8, 0, "LpPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (y)");
    const model = prepared({ pass: "fuse-pad", graph, outputs: "z" });
    const node = present(valueNamed(model, "y").producer, "y is computed");
    expect(answerOf("fuse-pad", node, model)).toMatchObject({ kind: "rewrite" });
  });

  const pad = (size: number, value: number, reader: string): Place["graph"] => [
    "float[1,1,4,4] x",
    `int64[${size}] p = {${Array.from({ length: size }, (_, i) => (i % (size / 2) > 1 ? 1 : 0)).join()}}, float v = {${value}}`,
    `y = Pad (x, p, v) z = ${reader}`,
  ];
  const average = "AveragePool <kernel_shape = [3, 3], count_include_pad = 1> (y)";
  leftAlone({
    "of a matrix": {
      pass: "fuse-pad",
      graph: [
        "float[4,4] x",
        "int64[4] p = {0,1,0,1}",
        "y = Pad (x, p) z = MaxPool <kernel_shape = [2]> (y)",
      ],
      outputs: "z",
      refused: "spatial-axes-are-unknown",
    },
    "in front of no window": { pass: "fuse-pad", graph: pad(8, 0, "Relu (y)"), outputs: "z" },
    "in front of a maximum of what may be less": {
      pass: "fuse-pad",
      graph: [
        "float[1,1,4,4] x",
        "int64[8] p = {0,0,1,1,0,0,1,1}",
        "n = Neg (x) y = Pad (n, p) z = MaxPool <kernel_shape = [3, 3]> (y)",
      ],
      outputs: "z",
      refused: "border-may-be-largest",
    },
    "that are not zero, in front of an average": {
      pass: "fuse-pad",
      graph: pad(8, 1, average),
      outputs: "z",
      refused: "border-value-differs",
    },
    "in front of an average that rounds its size up": {
      pass: "fuse-pad",
      graph: [
        "float[1,1,4,4] x",
        "int64[8] p = {0,0,1,1,0,0,0,0}",
        "y = Pad (x, p) z = AveragePool <kernel_shape = [3, 3], ceil_mode = 1> (y)",
      ],
      outputs: "z",
      refused: "last-divisor-is-unsettled",
    },
    "in front of an average that cannot count them": {
      pass: "fuse-pad",
      graph: [
        "float[1,1,4,4] x",
        "",
        "y = Pad <pads = [0,0,1,1,0,0,1,1]> (x) z = AveragePool <kernel_shape = [3, 3]> (y)",
      ],
      outputs: "z",
      opset: 6,
      refused: "opset-does-not-count-border",
    },
    "in front of pads of another rank": {
      pass: "fuse-pad",
      graph: pad(8, 0, "AveragePool <kernel_shape = [3, 3], pads = [0, 0]> (y)"),
      outputs: "z",
      refused: "pads-do-not-fit-rank",
    },
  });
});

describe("maps in a row", () => {
  const numbers =
    "float[2] a = {2, 3}, float[2,1] b = {4, 5}, float k = {2}, float[2] v = {1, 2}, float[2] z = {0, 1}";
  leftAlone({
    "the first of which others read": {
      pass: "compose-affine",
      graph: ["float[2,2] x", numbers, "p = Mul (x, a) y = Mul (p, a) w = Neg (p)"],
      outputs: "y, w",
    },
    "along different axes": {
      pass: "compose-affine",
      graph: ["float[2,2] x", numbers, "p = Mul (x, a) y = Mul (p, b)"],
    },
    "behind a normalization": {
      pass: "compose-affine",
      graph: ["float[2,2] x", numbers, "p = BatchNormalization (x, a, z, z, v) y = Mul (p, k)"],
    },
    "a zero that is added to floats, which changes -0": {
      pass: "eliminate-neutral-operands",
      graph: ["float[2] x", "float zero = {0}", "y = Add (x, zero)"],
    },
    "a factor of an opset with other rules of broadcasting": {
      pass: "eliminate-neutral-operands",
      graph: ["float[2] x", "float[1] one = {1}", "y = Mul <broadcast = 1> (x, one)"],
      opset: 6,
    },
  });
});

describe("work without end", () => {
  const small = "float[1,1] A = {1}, float[1,1] B = {1}";
  leftAlone({
    "products of large weights": {
      pass: "merge-linear-chains",
      graph: ["float[9,2048] x", small, "p = MatMul (x, A) y = MatMul (p, B)"],
      large: { A: [2048, 2048], B: [2048, 2048] },
      refused: "merging-takes-too-long",
    },
    "convolutions with large kernels": {
      pass: "merge-linear-chains",
      graph: ["float[1,2048,3,3] x", small, "p = Conv (x, A) y = Conv (p, B)"],
      large: { A: [2048, 2048, 1, 1], B: [2048, 2048, 1, 1] },
      refused: "merging-takes-too-long",
    },
  });
});

describe("nodes of different graphs", () => {
  leftAlone({
    "two products outside of the body that adds them": {
      pass: "merge-parallel-branches",
      graph: [
        "float[2,2] x, bool c",
        "float[2,2] A = {1,2,3,4}, float[2,2] B = {1,2,3,5}",
        `p = MatMul (x, A) q = MatMul (x, B)
         o = If (c) <then_branch = t () => (y) { y = Add (p, q) }, else_branch = e () => (w) { w = Neg (x) }>`,
      ],
      outputs: "o",
      refused: "nodes-are-in-different-graphs",
    },
  });
});

describe("sequences, sizes and parts", () => {
  const deep = Array.from({ length: 60 }, (_, i) => `s${i + 1} = Add (s${i}, one)`).join(" ");
  leftAlone({
    "a sequence of pieces of size zero": {
      pass: "simplify-sequences",
      graph: [
        "float[4] x",
        "int64 n = {0}, int64 i = {0}",
        "s = SplitToSequence (x, n) y = SequenceAt (s, i)",
      ],
    },
    "sizes that sixty nodes compute": {
      pass: "simplify-sizes",
      graph: [
        "float[N,4] x",
        "int64[1] one = {1}, int64[1] none = {0}",
        `h = Shape (x) s0 = Gather (h, none) ${deep} ${Array.from({ length: 60 }, (_, i) => `t${i + 1} = Sub (${i === 0 ? "s60" : `t${i}`}, one)`).join(" ")}
         c = Concat <axis = 0> (t60, one, one) y = Expand (x, c)`,
      ],
    },
    "a Split of two outputs that are each made of several parts": {
      pass: "simplify-concat",
      graph: [
        "float[1] a, float[1] b, float[1] c, float[1] e",
        "int64[2] two = {2, 2}",
        "j = Concat <axis = 0> (a, b, c, e) y, w = Split <axis = 0> (j, two)",
      ],
      outputs: "y, w",
    },
    "pieces that are put together in another order": {
      pass: "merge-slices-and-concats",
      graph: [
        "float[4] x",
        "int64[2] two = {2, 2}",
        "a, b = Split <axis = 0> (x, two) y = Concat <axis = 0> (b, a)",
      ],
    },
    "a Concat that goes into another": {
      pass: "merge-slices-and-concats",
      graph: [
        "float[4] x",
        "",
        "a = Concat <axis = 0> (x, x) y = Concat <axis = 0> (a, x) w = Concat <axis = 0> (y, x)",
      ],
      outputs: "w",
    },
    "a Slice of a Slice that others read": {
      pass: "merge-slices-and-concats",
      graph: [
        "float[9] x",
        "int64[1] s = {1}, int64[1] e = {5}",
        "a = Slice (x, s, e) y = Slice (a, s, e) w = Neg (a)",
      ],
      outputs: "y, w",
    },
    "sizes that callers see": {
      pass: "simplify-sizes",
      graph: [
        "float[N,4] x",
        "int64[1] one = {1}, int64[1] none = {0}",
        "h = Shape (x) s = Gather (h, none) t = Add (s, one) u = Sub (t, one) c = Concat <axis = 0> (u, one, one) y = Expand (x, c)",
      ],
      outputs: "y, c",
    },
    "a Split into fewer pieces than were joined": {
      pass: "merge-slices-and-concats",
      graph: [
        "float[1] a, float[1] b, float[2] c",
        "int64[2] sizes = {1, 3}",
        "j = Concat <axis = 0> (a, b, c) y, w = Split <axis = 0> (j, sizes)",
      ],
      outputs: "y, w",
    },
  });
});
