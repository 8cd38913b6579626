import { type Model, type Tensor, tensorFromNumbers, type Value } from "../../../src/index.js";
import { type Network, network } from "../builder.js";

/** How an exporter of PyTorch writes a network. TorchScript's is torch.onnx.export with dynamo=False. */
export interface Dialect {
  readonly exporter: "torchscript" | "dynamo";
  readonly opset: number;
  /** Whether the sizes of batches and sequences are symbols. */
  readonly dynamic: boolean;
  /** By how much channels are more than in the small networks that tests look at; 1 by default. */
  readonly scale?: number;
}

/** The sizes that are symbols in a dynamic export, and what they are in a static one. */
const SYMBOLS = { batch: 2, sequence: 7 } as const;
type Symbol = keyof typeof SYMBOLS;

/** A size of a shape: a number, or one that a dynamic export reads from a value at run time. */
export type Size = number | { readonly of: Value; readonly axis: number; readonly known: number };

interface Convolution {
  readonly stride?: number;
  /** Half of the kernel by default. */
  readonly pad?: number;
  readonly groups?: number;
  readonly bias?: boolean;
}

/** PyTorch's modules as the exporter of a dialect writes them, one after another, into one network. */
export interface Exporter extends Pick<Network, "apply" | "outputsOf" | "constant" | "integers"> {
  readonly dialect: Dialect;
  readonly scale: number;
  readonly input: (name: string, dims: readonly (number | Symbol)[], dtype?: "int64") => Value;
  /** A number as a float scalar, as the exporter writes one: a Constant, or an initializer. */
  readonly number: (value: number) => Value;
  readonly ints: (...elements: readonly number[]) => Value;
  readonly size: (of: Value, axis: number, symbol: Symbol) => Size;
  /** The size as a vector of one element, computed at run time where it is a symbol. */
  readonly vectorOf: (size: Size) => Value;
  readonly reshape: (x: Value, ...dims: readonly Size[]) => Value;
  readonly transpose: (x: Value, ...perm: readonly number[]) => Value;
  readonly slice: (x: Value, axis: number, from: number, to: number, step?: number) => Value;
  /** torch.unbind: as many values of one axis less. */
  readonly unbind: (x: Value, axis: number, count: number) => readonly Value[];
  /** torch.chunk. */
  readonly chunk: (x: Value, axis: number, ...sizes: readonly number[]) => readonly Value[];
  readonly mean: (x: Value, axes: readonly number[], keepdims?: boolean) => Value;
  readonly add: (a: Value, b: Value) => Value;
  readonly mul: (a: Value, b: Value) => Value;
  /** nn.Linear of values of any rank. */
  readonly linear: (x: Value, from: number, to: number, bias?: boolean) => Value;
  /** nn.Linear of matrices. */
  readonly dense: (x: Value, from: number, to: number) => Value;
  readonly conv: (x: Value, from: number, to: number, kernel: number, options?: Convolution) => Value;
  readonly batchNorm: (x: Value, channels: number) => Value;
  readonly layerNorm: (x: Value, width: number, epsilon?: number) => Value;
  readonly gelu: (x: Value) => Value;
  readonly silu: (x: Value) => Value;
  readonly softmax: (x: Value) => Value;
  /** A parameter of these sizes. */
  readonly parameter: (...dims: readonly number[]) => Value;
  readonly finish: (...outputs: readonly (readonly [Value, readonly (number | Symbol)[]])[]) => Model;
}

const END = 2 ** 53 - 1;

/** Writes a network in a dialect. Its weights hang on its name and size alone. */
export function exporter(name: string, dialect: Dialect): Exporter {
  const { opset, dynamic } = dialect;
  const script = dialect.exporter === "torchscript";
  const net = network(name, opset);
  const { apply, outputsOf, constant, weight } = net;
  const write = (value: Tensor): Value =>
    script
      ? apply("Constant", [], { value: { kind: "tensor", value } })
      : net.model.graph.addInitializer(net.model.graph.freshName("c"), value);
  const number: Exporter["number"] = (value) => write(tensorFromNumbers("float", [], Float64Array.of(value)));
  const ints: Exporter["ints"] = (...elements) =>
    write(tensorFromNumbers("int64", [elements.length], Float64Array.from(elements)));
  const scalar = (value: number): Value => write(tensorFromNumbers("int64", [], Float64Array.of(value)));
  const dimsOf = (dims: readonly (number | Symbol)[]): (number | Symbol)[] =>
    dims.map((dim) => (typeof dim === "number" || dynamic ? dim : SYMBOLS[dim]));

  const vectorOf: Exporter["vectorOf"] = (size) => {
    if (typeof size === "number") return ints(size);
    if (!dynamic) return ints(size.known);
    const { of, axis } = size;
    if (!script) return apply("Shape", [of], { start: axis, end: axis + 1 });
    return apply("Unsqueeze", [apply("Gather", [apply("Shape", [of]), scalar(axis)], { axis: 0 }), ints(0)]);
  };
  const shapeOf = (dims: readonly Size[]): Value => {
    const open = dims.filter((dim) => typeof dim !== "number");
    const numbers = dims.map((dim) => (typeof dim === "number" ? dim : dynamic ? -1 : dim.known));
    if (open.length === 0 || !dynamic) return ints(...numbers);
    if (!script && open.length === 1 && !dims.includes(-1)) return ints(...numbers);
    return apply("Concat", dims.map(vectorOf), { axis: 0 });
  };
  const add: Exporter["add"] = (a, b) => apply("Add", [a, b]);
  const mul: Exporter["mul"] = (a, b) => apply("Mul", [a, b]);
  const mean: Exporter["mean"] = (x, axes, keepdims = true) =>
    opset < 18
      ? apply("ReduceMean", [x], { axes, keepdims: keepdims ? 1 : 0 })
      : apply("ReduceMean", [x, ints(...axes)], { keepdims: keepdims ? 1 : 0 });
  const slice: Exporter["slice"] = (x, axis, from, to, step = 1) =>
    apply("Slice", [x, ints(from), ints(Math.min(to, END)), ints(axis), ints(step)]);

  return {
    apply,
    outputsOf,
    constant,
    integers: net.integers,
    dialect,
    scale: dialect.scale ?? 1,
    input: (label, dims, dtype) => net.input(dimsOf(dims), label, dtype),
    number,
    ints,
    size: (of, axis, symbol) => ({ of, axis, known: SYMBOLS[symbol] }),
    vectorOf,
    reshape: (x, ...dims) => apply("Reshape", [x, shapeOf(dims)], script ? {} : { allowzero: 1 }),
    transpose: (x, ...perm) => apply("Transpose", [x], { perm }),
    slice,
    unbind: (x, axis, count) =>
      script
        ? outputsOf("Split", count, [x, ints(...new Array<number>(count).fill(1))], { axis }).map((part) =>
            apply("Squeeze", [part, ints(axis)]),
          )
        : Array.from({ length: count }, (_, i) => apply("Squeeze", [slice(x, axis, i, i + 1), ints(axis)])),
    chunk: (x, axis, ...sizes) => outputsOf("Split", sizes.length, [x, ints(...sizes)], { axis }),
    mean,
    add,
    mul,
    linear: (x, from, to, bias = true) => {
      const product = apply("MatMul", [x, weight([from, to], from)]);
      if (!bias) return product;
      const b = constant([to], -0.5, 0.5);
      return script ? add(b, product) : add(product, b);
    },
    dense: (x, from, to) =>
      script
        ? apply("Gemm", [x, weight([to, from], from), constant([to], -0.5, 0.5)], { transB: 1 })
        : apply("Gemm", [x, weight([from, to], from), constant([to], -0.5, 0.5)]),
    conv: (x, from, to, kernel, { stride = 1, pad = (kernel - 1) / 2, groups = 1, bias = true } = {}) => {
      const fan = (from / groups) * kernel * kernel;
      const w = weight([to, from / groups, kernel, kernel], fan);
      return apply("Conv", bias ? [x, w, constant([to], -0.5, 0.5)] : [x, w], {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
        group: groups,
      });
    },
    batchNorm: (x, channels) => net.normalize(x, channels, 0.5),
    layerNorm: (x, width, epsilon = 1e-5) => {
      const [gamma, beta] = [constant([width], 0.5, 1.5), constant([width], -0.5, 0.5)];
      if (opset >= 17) return apply("LayerNormalization", [x, gamma, beta], { axis: -1, epsilon });
      const centred = apply("Sub", [x, mean(x, [-1])]);
      const variance = mean(apply("Pow", [centred, number(2)]), [-1]);
      const deviation = apply("Sqrt", [add(variance, number(epsilon))]);
      return add(mul(apply("Div", [centred, deviation]), gamma), beta);
    },
    gelu: (x) => {
      if (opset >= 20) return apply("Gelu", [x]);
      const sum = add(apply("Erf", [apply("Div", [x, number(Math.SQRT2)])]), number(1));
      return script ? mul(mul(x, sum), number(0.5)) : mul(x, mul(number(0.5), sum));
    },
    silu: (x) => mul(x, apply("Sigmoid", [x])),
    softmax: (x) => apply("Softmax", [x], { axis: -1 }),
    parameter: (...dims) => constant(dims, -1, 1),
    finish: (...outputs) => {
      for (const [value, dims] of outputs) net.output(value, dimsOf(dims));
      return net.model;
    },
  };
}
