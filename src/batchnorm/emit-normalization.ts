import { present } from "../base/assert.js";
import { Builder } from "../ir/builder.js";
import type { FloatDType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import type { SymDim } from "../rules/dims.js";

/** gamma, beta, running mean and running variance: one number for each channel. */
export interface NormalizationParameters {
  /** gamma */
  readonly scale: Float64Array;
  /** beta */
  readonly bias: Float64Array;
  /** The running mean. */
  readonly mean: Float64Array;
  /** The running variance. */
  readonly variance: Float64Array;
}

/** How to write a normalization. */
export interface NormalizationInit {
  /** The start of the new names: `<base>_bn_scale`, `_bn_bias`, `_bn_mean`, `_bn_var`. */
  readonly base: string;
  /** Numbers for new constants, or values of the model: scale, bias, mean, variance. */
  readonly parameters: NormalizationParameters | readonly [Value, Value, Value, Value];
  /** The number of channels. */
  readonly channels: number;
  /** The type of the values. */
  readonly dtype: FloatDType;
  /** The opset of the graph. */
  readonly opset: number;
  /** Added to the variance. */
  readonly epsilon: number;
  /** ONNX's: the share of the old value. */
  readonly momentum: number;
  /** decomposed: the training form in plain operators. */
  readonly form: "inference" | "training" | "decomposed";
}

/** A normalization that was written. */
export interface Placed {
  /** The normalized value. */
  readonly output: Value;
  /** The updated running mean and variance of the training forms. */
  readonly running: readonly [Value, Value] | undefined;
}

/**
 * Normalizes `x`, whose channels lie along axis 1 or the last (-1). Along the last, BatchNormalization works on rows: x
 * is viewed as [-1, C] and the result in the shape of x again; optimize removes both views once the scale and shift are
 * folded. `shape` is the known part of the shape of x.
 */
export function emitNormalization(
  x: Value,
  axis: 1 | -1,
  shape: readonly SymDim[] | undefined,
  before: Node | undefined,
  init: NormalizationInit,
): Placed {
  const { graph } = x;
  const build = new Builder(graph, { before, prefix: `${init.base}_bn_` });
  if (init.form === "decomposed") {
    const rank = present(shape?.length, "the caller asks for a known rank");
    return emitDecomposed(build, x, axis === 1 ? 1 : rank - 1, rank, init);
  }
  if (axis === 1 || shape?.length === 2) return emitNode(build, x, init);
  const rows = build.op("Reshape", [x, build.ints([-1, init.channels])], {}, `${init.base}_rows`);
  const placed = emitNode(build, rows, init);
  const sizes = shapeConstant(shape);
  const back = sizes === undefined ? build.op("Shape", [x], {}, `${init.base}_shape`) : build.ints(sizes);
  const output = build.op("Reshape", [placed.output, back], {}, `${init.base}_normalized`);
  return { ...placed, output };
}

/** The sizes for a Reshape, where at most one of them is not a number. */
function shapeConstant(shape: readonly SymDim[] | undefined): readonly number[] | undefined {
  if (shape === undefined || shape.includes(0)) return undefined;
  const sizes = shape.map((dim) => (typeof dim === "number" ? dim : -1));
  return sizes.filter((size) => size === -1).length > 1 ? undefined : sizes;
}

function parameterValues(build: Builder, init: NormalizationInit): readonly Value[] {
  const { base, parameters, dtype } = init;
  if (!("scale" in parameters)) return parameters;
  const statistics = statisticsType(init);
  const roles = [
    ["scale", parameters.scale, dtype],
    ["bias", parameters.bias, dtype],
    ["mean", parameters.mean, statistics],
    ["var", parameters.variance, statistics],
  ] as const;
  return roles.map(([role, numbers, type]) =>
    build.constant(tensorFromNumbers(type, [numbers.length], numbers), `${base}_bn_${role}`),
  );
}

/** The training form has float statistics beside half-precision values, so that small updates of them are not lost. */
function statisticsType({ form, dtype, opset }: NormalizationInit): FloatDType {
  const isHalf = dtype === "float16" || dtype === "bfloat16";
  return form === "training" && isHalf && opset >= 15 ? "float" : dtype;
}

function emitNode(build: Builder, x: Value, init: NormalizationInit): Placed {
  const { base, opset, form } = init;
  const { graph } = build;
  const training = form === "training";
  const names = training ? ["", "_running_mean", "_running_var"] : [""];
  const node = graph.addNode(
    {
      opType: "BatchNormalization",
      name: graph.freshName(`${base}_bn`),
      inputs: [x, ...parameterValues(build, init)],
      outputs: names.map((suffix) => graph.freshName(`${base}_bn${suffix === "" ? "_output" : suffix}`)),
      attributes: {
        epsilon: { kind: "float", value: init.epsilon },
        momentum: { kind: "float", value: init.momentum },
        ...(training ? { training_mode: 1 } : {}),
        // Before opset 7 is_test asks for inference, and before opset 6 consumed_inputs names the inputs that are overwritten.
        ...(opset < 7 ? { is_test: 1 } : {}),
        ...(opset < 6 ? { consumed_inputs: [0, 0, 0, 1, 1] } : {}),
      },
    },
    build.before,
  );
  const [output, mean, variance] = node.outputs;
  const statistics = statisticsType(init);
  const running =
    mean && variance
      ? ([declare(mean, statistics, init), declare(variance, statistics, init)] as const)
      : undefined;
  return { output: present(output, "it has an output"), running };
}

function declare(value: Value, dtype: FloatDType, { channels }: NormalizationInit): Value {
  value.info = { name: value.name, type: tensorType(dtype, [channels]) };
  return value;
}

/**
 * The same in plain operators, for runtimes without the training form: y = (x - mean) / sqrt(mean((x - mean)^2) +
 * epsilon) * gamma + beta, running = momentum * running + (1 - momentum) * batch.
 */
function emitDecomposed(
  build: Builder,
  x: Value,
  axis: number,
  rank: number,
  init: NormalizationInit,
): Placed {
  const { dtype, opset, base } = init;
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  const flat = build.ints([-1]);
  const average = (input: Value, name: string): Value =>
    opset >= 18
      ? build.op("ReduceMean", [input, build.ints(axes)], {}, `${base}_bn_${name}`)
      : build.op("ReduceMean", [input], { axes }, `${base}_bn_${name}`);
  const [scale, bias, mean, variance] = parameterValues(build, init).map((value) =>
    present(value, "a parameter"),
  );
  const placed = (value: Value | undefined): Value => {
    const vector = present(value, "four parameters");
    return axis === rank - 1
      ? vector
      : build.op("Reshape", [vector, build.ints([-1, ...axes.slice(1).map(() => 1)])]);
  };
  const batchMean = average(x, "batch_mean");
  const centred = build.op("Sub", [x, batchMean]);
  const batchVariance = average(build.op("Mul", [centred, centred]), "batch_var");
  const deviation = build.op("Sqrt", [build.op("Add", [batchVariance, build.scalar(init.epsilon, dtype)])]);
  const normalized = build.op("Div", [centred, deviation], {}, `${base}_bn_normalized`);
  const scaled = build.op("Mul", [normalized, placed(scale)]);
  const output = build.op("Add", [scaled, placed(bias)], {}, `${base}_bn_output`);
  const update = (old: Value | undefined, batch: Value, name: string): Value => {
    const kept = build.op("Mul", [present(old, "four parameters"), build.scalar(init.momentum, dtype)]);
    const vector = build.op("Reshape", [batch, flat]);
    const taken = build.op("Mul", [vector, build.scalar(1 - init.momentum, dtype)]);
    return declare(build.op("Add", [kept, taken], {}, `${base}_bn_${name}`), dtype, init);
  };
  return {
    output,
    running: [update(mean, batchMean, "running_mean"), update(variance, batchVariance, "running_var")],
  };
}

/** Makes the given readers of a value read another value. */
export function redirect(
  readers: readonly { readonly node: Node; readonly index: number }[],
  to: Value,
): void {
  for (const { node, index } of readers) node.setInput(index, to);
}

/** The start of the names of new values: the name of the place, without special characters. */
export function baseName(name: string): string {
  return name.replace(/[^\w./:-]+/g, "_");
}
