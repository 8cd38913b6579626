import { createRandom } from "../../src/base/random.js";
import {
  type AttributeInit,
  createModel,
  type DType,
  type Model,
  tensorFromNumbers,
  tensorType,
  type Value,
} from "../../src/index.js";

export type Attributes = Readonly<Record<string, AttributeInit>>;

/** A network that is built operator by operator, with seeded constants. */
export interface Network {
  readonly model: Model;
  readonly input: (dims: readonly (number | string)[], name?: string, dtype?: DType) => Value;
  /** Uniform in a range. */
  readonly constant: (dims: readonly number[], low: number, high: number) => Value;
  /** A weight [...] of which each output sums `fan` products: of the size that keeps magnitudes. */
  readonly weight: (dims: readonly number[], fan: number) => Value;
  readonly integers: (dims: readonly number[], elements: readonly number[]) => Value;
  /** An operator and its first output, or all of them. */
  readonly apply: (opType: string, inputs: readonly Value[], attributes?: Attributes) => Value;
  readonly outputsOf: (
    opType: string,
    count: number,
    inputs: readonly Value[],
    attributes?: Attributes,
  ) => readonly Value[];
  /** A BatchNormalization, whose gammas are from -1, or `low`, to 1. */
  readonly normalize: (x: Value, channels: number, low?: number) => Value;
  readonly conv: (x: Value, dims: readonly number[], attributes?: Attributes) => Value;
  readonly finish: (output: Value, dims: readonly (number | string)[]) => Model;
  readonly output: (output: Value, dims: readonly (number | string)[], dtype?: DType) => void;
}

/** As many different numbers as weights are drawn from; a prime, so that no size of a weight repeats along it. */
const DRAWN = 65_537;

export function network(name: string, opset = 17): Network {
  const model = createModel(opset, name);
  const { graph } = model;
  const random = createRandom(11);
  const drawn = Float64Array.from({ length: DRAWN }, () => random.uniform());
  let position = 0;
  const constant: Network["constant"] = (dims, low, high) => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const values = new Float64Array(size);
    for (let i = 0; i < size; i++) values[i] = low + (high - low) * (drawn[position++ % DRAWN] ?? 0);
    return graph.addInitializer(graph.freshName("k"), tensorFromNumbers("float", dims, values));
  };
  const weight: Network["weight"] = (dims, fan) => constant(dims, -Math.sqrt(3 / fan), Math.sqrt(3 / fan));
  const outputsOf: Network["outputsOf"] = (opType, count, inputs, attributes = {}) => {
    const name = opType.toLowerCase();
    const outputs = Array.from({ length: count }, (_, i) =>
      graph.freshName(i === 0 ? name : `${name}_output${i}`),
    );
    return graph.addNode({ opType, inputs, outputs, attributes }).outputs.flatMap((value) => value ?? []);
  };
  const apply: Network["apply"] = (opType, inputs, attributes) => {
    const [value] = outputsOf(opType, 1, inputs, attributes);
    if (value === undefined) throw new Error("a node without output");
    return value;
  };
  const output: Network["output"] = (value, dims, dtype = "float") => {
    value.info = { name: value.name, type: tensorType(dtype, dims) };
    graph.addOutput(value);
  };
  return {
    model,
    input: (dims, name = "x", dtype = "float") => graph.addInput({ name, type: tensorType(dtype, dims) }),
    constant,
    weight,
    integers: (dims, elements) =>
      graph.addInitializer(
        graph.freshName("i"),
        tensorFromNumbers("int64", dims, Float64Array.from(elements)),
      ),
    apply,
    outputsOf,
    normalize: (x, channels, low = -1) =>
      apply("BatchNormalization", [
        x,
        constant([channels], low, 1),
        constant([channels], -1, 1),
        constant([channels], -0.2, 0.2),
        constant([channels], 0.5, 2),
      ]),
    conv: (x, dims, attributes) => {
      const [, ...summed] = dims;
      return apply(
        "Conv",
        [
          x,
          weight(
            dims,
            summed.reduce((product, dim) => product * dim, 1),
          ),
        ],
        attributes,
      );
    },
    output,
    finish: (value, dims) => {
      output(value, dims);
      return model;
    },
  };
}
