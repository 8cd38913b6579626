import { createRandom, type Random } from "../../../src/base/random.js";
import type { DType } from "../../../src/ir/dtype.js";
import { elementsOf, literal } from "../../support/text.js";

/** A value of the network: images have [channels, height, width] behind the batch, vectors [channels]. */
interface Signal {
  readonly name: string;
  readonly dims: readonly number[];
}

interface Builder {
  readonly random: Random;
  readonly constants: string[];
  readonly nodes: string[];
  readonly signals: Signal[];
  /** Weights made so far, by dims, so that some are shared. */
  readonly weights: Map<string, string[]>;
  count: number;
  readonly indent: string;
}

const DTYPE: DType = "float";

/**
 * The text of a small network of the operators that the passes know, and of some they do not: chains, residual
 * additions, shared weights, values with several uses, an If around a part. Sizes are small and differ, as a rule.
 */
export function randomNetwork(seed: number): string {
  const random = createRandom(seed);
  const image = random.uniform() < 0.6;
  const channels = random.integer(2, 5);
  const square = random.uniform() < 0.2;
  const dims = image ? [channels, square ? channels : 6, square ? channels : 5] : [channels];
  const builder: Builder = {
    random,
    constants: [],
    nodes: [],
    signals: [{ name: "x", dims }],
    weights: new Map(),
    count: 0,
    indent: "",
  };
  const length = random.integer(3, 14);
  for (let i = 0; i < length; i++) step(builder);
  const outputs = new Set([builder.signals.at(-1)?.name ?? "x"]);
  for (const { name } of builder.signals.slice(1)) if (random.uniform() < 0.08) outputs.add(name);
  outputs.delete("x");
  if (outputs.size === 0) {
    builder.nodes.push("y = Identity (x)");
    outputs.add("y");
  }
  const batch = image || random.uniform() < 0.7 ? "N" : "3";
  return `g (float[${[batch, ...dims].join(",")}] x, bool p) => (${[...outputs].join(", ")})
    <${builder.constants.join(", ")}> {\n${builder.nodes.join("\n")}\n}`;
}

function fresh(builder: Builder, stem: string): string {
  return `${stem}${builder.count++}`;
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.integer(0, items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** The newest value mostly, so that chains arise, and at times an older one, so that values have several uses. */
function source({ random, signals }: Builder): Signal {
  const index = random.uniform() < 0.8 ? signals.length - 1 : random.integer(0, signals.length);
  const signal = signals[index];
  if (signal === undefined) throw new Error("no signal");
  return signal;
}

function constantFor(
  builder: Builder,
  stem: string,
  dims: readonly number[],
  range?: readonly [number, number],
): string {
  const name = fresh(builder, stem);
  const values = range === undefined ? {} : { low: range[0], high: range[1] };
  builder.constants.push(literal(name, dims, elementsOf(name, dims, values), DTYPE));
  return name;
}

function weightFor(builder: Builder, dims: readonly number[]): string {
  const key = dims.join("x");
  const known = builder.weights.get(key) ?? [];
  if (known.length > 0 && builder.random.uniform() < 0.3) return pick(builder.random, known);
  const scale = 1.5 / Math.sqrt(dims.slice(dims.length > 2 ? 1 : 0).reduce((a, b) => a * b, 1));
  const name = constantFor(builder, "W", dims, [-scale, scale]);
  builder.weights.set(key, [...known, name]);
  return name;
}

function emit(builder: Builder, text: string, name: string, dims: readonly number[]): void {
  builder.nodes.push(`${builder.indent}${name} = ${text}`);
  builder.signals.push({ name, dims });
}

/** Positive mostly: a negative scale does not pass Relu and MaxPool. The last holds numbers near zero. */
const SCALES: readonly (readonly [number, number])[] = [
  [0.5, 1.5],
  [0.5, 1.5],
  [-1.5, -0.5],
  [-1.5, 1.5],
];

function step(builder: Builder): void {
  const { random } = builder;
  const from = source(builder);
  const image = from.dims.length === 3;
  const makers = [
    ...(image ? [conv, conv, conv, convTranspose, pool, move, move, resize] : [gemm, gemm, matMul]),
    join,
    split,
    normalization,
    normalization,
    arithmetic,
    arithmetic,
    pointwise,
    residual,
    ...(builder.indent === "" && random.uniform() < 0.3 ? [branch] : []),
  ];
  pick(random, makers)(builder, from);
}

function optionalBias(builder: Builder, size: number): string {
  return builder.random.uniform() < 0.6 ? `, ${constantFor(builder, "b", [size])}` : "";
}

function conv(builder: Builder, { name, dims }: Signal): void {
  const { random } = builder;
  const [channels = 1, height = 1, width = 1] = dims;
  const group = pick(random, [1, 1, channels, ...(channels % 2 === 0 ? [2] : [])]);
  const into = group * random.integer(1, 4);
  const kernel = [random.integer(1, Math.min(3, height) + 1), random.integer(1, Math.min(3, width) + 1)];
  const [kh = 1, kw = 1] = kernel;
  const pads = [0, 1, 2, 3].map((side) => random.integer(0, (side % 2 === 0 ? kh : kw) > 1 ? 2 : 1));
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  const weight = weightFor(builder, [into, channels / group, kh, kw]);
  emit(
    builder,
    `Conv <group = ${group}, pads = [${pads.join(", ")}]> (${name}, ${weight}${optionalBias(builder, into)})`,
    fresh(builder, "c"),
    [into, height + top + bottom - kh + 1, width + left + right - kw + 1],
  );
}

function convTranspose(builder: Builder, { name, dims }: Signal): void {
  const { random } = builder;
  const [channels = 1, height = 1, width = 1] = dims;
  if (height * width > 64) return;
  const group = pick(random, [1, channels, ...(channels % 2 === 0 ? [2] : [])]);
  const perGroup = random.integer(1, 3);
  const [kh, kw] = [random.integer(1, 3), random.integer(1, 3)];
  const weight = weightFor(builder, [channels, perGroup, kh, kw]);
  const into = perGroup * group;
  emit(
    builder,
    `ConvTranspose <group = ${group}> (${name}, ${weight}${optionalBias(builder, into)})`,
    fresh(builder, "t"),
    [into, height + kh - 1, width + kw - 1],
  );
}

function gemm(builder: Builder, { name, dims }: Signal): void {
  const { random } = builder;
  const [channels = 1] = dims;
  const into = random.integer(2, 6);
  const transB = random.integer(0, 2);
  const weight = weightFor(builder, transB === 1 ? [into, channels] : [channels, into]);
  const shape = pick(random, [[], [1], [into], [1, into]]);
  const bias = random.uniform() < 0.6 ? `, ${constantFor(builder, "C", shape)}` : "";
  const [alpha, beta] = [pick(random, [1, 0.5, -1.5]), pick(random, [1, 2, -0.25])];
  emit(
    builder,
    `Gemm <alpha: float = ${alpha}, beta: float = ${beta}, transB = ${transB}> (${name}, ${weight}${bias})`,
    fresh(builder, "g"),
    [into],
  );
}

function matMul(builder: Builder, { name, dims }: Signal): void {
  const [channels = 1] = dims;
  const into = builder.random.integer(2, 6);
  emit(builder, `MatMul (${name}, ${weightFor(builder, [channels, into])})`, fresh(builder, "m"), [into]);
}

function normalization(builder: Builder, { name, dims }: Signal): void {
  const [channels = 1] = dims;
  const parameters = [
    constantFor(builder, "gamma", [channels], pick(builder.random, SCALES)),
    constantFor(builder, "beta", [channels]),
    constantFor(builder, "mean", [channels]),
    constantFor(builder, "var", [channels], [0.25, 2]),
  ];
  const epsilon = pick(builder.random, ["", "<epsilon = 0.01>"]);
  emit(
    builder,
    `BatchNormalization ${epsilon} (${[name, ...parameters].join(", ")})`,
    fresh(builder, "n"),
    dims,
  );
}

function arithmetic(builder: Builder, { name, dims }: Signal): void {
  const { random } = builder;
  const op = pick(random, ["Mul", "Add", "Sub", "Div"]);
  const [channels = 1, height = 1, width = 1] = dims;
  const trailing = dims.slice(1).map(() => 1);
  const shape = pick<readonly number[]>(random, [
    [],
    [channels, ...trailing],
    [channels, ...trailing],
    [1, channels, ...trailing],
    ...(dims.length === 3 ? [[width], [height, 1], [1, 1, 1, 1]] : [[1]]),
  ]);
  const neutral = random.uniform() < 0.1 ? (op === "Add" || op === "Sub" ? 0 : 1) : undefined;
  const operand =
    neutral === undefined
      ? constantFor(builder, "k", shape, pick(random, SCALES.slice(0, op === "Div" ? 3 : 4)))
      : constantFor(builder, "k", shape, [neutral, neutral]);
  const first = op !== "Div" && random.uniform() < 0.4;
  emit(
    builder,
    `${op} (${first ? `${operand}, ${name}` : `${name}, ${operand}`})`,
    fresh(builder, "a"),
    dims,
  );
}

function pointwise(builder: Builder, { name, dims }: Signal): void {
  const [channels = 1] = dims;
  const trailing = dims.slice(1).map(() => 1);
  switch (builder.random.integer(0, 8)) {
    case 0: {
      const slope = constantFor(builder, "slope", pick(builder.random, [[channels, ...trailing], [1]]));
      emit(builder, `PRelu (${name}, ${slope})`, fresh(builder, "r"), dims);
      return;
    }
    case 1: {
      const other = constantFor(builder, "k", [channels, ...trailing]);
      const mask = fresh(builder, "mask");
      const bits = Array.from({ length: channels }, () => builder.random.integer(0, 2));
      builder.constants.push(`bool[${[channels, ...trailing].join(",")}] ${mask} = {${bits.join(", ")}}`);
      emit(builder, `Where (${mask}, ${name}, ${other})`, fresh(builder, "r"), dims);
      return;
    }
    case 2: {
      if (dims.length !== 3) break;
      const [scale, bias] = [
        constantFor(builder, "scale", [channels]),
        constantFor(builder, "bias", [channels]),
      ];
      emit(
        builder,
        `InstanceNormalization <epsilon = 0.1> (${name}, ${scale}, ${bias})`,
        fresh(builder, "r"),
        dims,
      );
      return;
    }
    case 3: {
      const width = dims.at(-1) ?? 1;
      const bias = builder.random.uniform() < 0.5 ? `, ${constantFor(builder, "bias", [width])}` : "";
      const scale = constantFor(builder, "scale", [width]);
      emit(
        builder,
        `LayerNormalization <epsilon = 0.1> (${name}, ${scale}${bias})`,
        fresh(builder, "r"),
        dims,
      );
      return;
    }
  }
  const op = pick(builder.random, ["Relu", "Relu", "Tanh", "Identity", "Dropout", "LeakyRelu"]);
  emit(builder, `${op} (${name})`, fresh(builder, "r"), dims);
}

function residual(builder: Builder, { name, dims }: Signal): void {
  const { random, signals } = builder;
  const partners = signals.filter((signal) => signal.dims.join() === dims.join());
  emit(builder, `Add (${name}, ${pick(random, partners).name})`, fresh(builder, "s"), dims);
}

/** Pools keep the number of channels; some count the padding, some do not. */
function pool(builder: Builder, { name, dims }: Signal): void {
  const { random } = builder;
  const [channels = 1, height = 1, width = 1] = dims;
  const op = pick(random, ["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "ReduceMean"]);
  if (op === "ReduceMean") {
    emit(builder, `ReduceMean <axes = [2, 3]> (${name})`, fresh(builder, "p"), [channels, 1, 1]);
    return;
  }
  if (op.startsWith("Global")) {
    emit(builder, `${op} (${name})`, fresh(builder, "p"), [channels, 1, 1]);
    return;
  }
  if (height < 2 || width < 2) return;
  const pad = random.integer(0, 2);
  const counts = op === "AveragePool" ? `, count_include_pad = ${random.integer(0, 2)}` : "";
  emit(
    builder,
    `${op} <kernel_shape = [2, 2], pads = [${pad}, 0, 0, ${pad}]${counts}> (${name})`,
    fresh(builder, "p"),
    [channels, height + pad - 1, width + pad - 1],
  );
}

/** Operators that move elements and do not change them. */
function move(builder: Builder, { name, dims }: Signal): void {
  const { random } = builder;
  const [channels = 1, height = 1, width = 1] = dims;
  switch (random.integer(0, 8)) {
    case 5: {
      const picked = random.integer(1, 4);
      const axis = random.integer(1, 4);
      const index = fresh(builder, "index");
      const indices = Array.from({ length: picked }, () => random.integer(0, dims[axis - 1] ?? 1));
      builder.constants.push(`int64[${picked}] ${index} = {${indices.join(", ")}}`);
      const gathered = dims.map((size, at) => (at === axis - 1 ? picked : size));
      emit(builder, `Gather <axis = ${axis}> (${name}, ${index})`, fresh(builder, "q"), gathered);
      return;
    }
    case 6: {
      const op = pick(random, ["ReduceMax", "ReduceMin", "ReduceMean", "ReduceL2"]);
      const axis = random.integer(1, 4);
      const reduced = dims.map((size, at) => (at === axis - 1 ? 1 : size));
      emit(builder, `${op} <axes = [${axis}]> (${name})`, fresh(builder, "q"), reduced);
      return;
    }
    case 7: {
      if (height % 2 !== 0 || width % 2 !== 0 || channels > 4) return;
      const packed = [channels * 4, height / 2, width / 2];
      emit(builder, `SpaceToDepth <blocksize = 2> (${name})`, fresh(builder, "q"), packed);
      return;
    }
    case 0: {
      const order = pick(random, [
        [2, 1, 3],
        [1, 3, 2],
        [3, 2, 1],
        [2, 3, 1],
      ]);
      const moved = order.map((axis) => dims[axis - 1] ?? 1);
      emit(builder, `Transpose <perm = [0, ${order.join(", ")}]> (${name})`, fresh(builder, "q"), moved);
      return;
    }
    case 1: {
      emit(builder, `Flatten (${name})`, fresh(builder, "q"), [channels * height * width]);
      return;
    }
    case 2: {
      const shape = pick(random, [
        [channels, width, height],
        [channels, height * width, 1],
        [channels * height, width, 1],
        [1, channels * height, width],
      ]);
      const target = fresh(builder, "dims");
      builder.constants.push(`int64[4] ${target} = {${[0, ...shape].join(", ")}}`);
      emit(builder, `Reshape (${name}, ${target})`, fresh(builder, "q"), shape);
      return;
    }
    case 3: {
      const pads = fresh(builder, "pads");
      const [top, right] = [random.integer(0, 2), random.integer(0, 2)];
      builder.constants.push(`int64[8] ${pads} = {0, 0, ${top}, 0, 0, 0, 0, ${right}}`);
      const mode = pick(random, ["constant", "edge"]);
      const padded = [channels, height + top, width + right];
      emit(builder, `Pad <mode = "${mode}"> (${name}, ${pads})`, fresh(builder, "q"), padded);
      return;
    }
    default: {
      if (channels % 4 !== 0) return;
      const mode = pick(random, ["DCR", "CRD"]);
      const spread = [channels / 4, height * 2, width * 2];
      emit(builder, `DepthToSpace <blocksize = 2, mode = "${mode}"> (${name})`, fresh(builder, "q"), spread);
    }
  }
}

function resize(builder: Builder, { name, dims }: Signal): void {
  const [channels = 1, height = 1, width = 1] = dims;
  if (height * width > 40) return;
  const scales = fresh(builder, "scales");
  builder.constants.push(`float[4] ${scales} = {1, 1, 2, 1}`);
  const mode = pick(builder.random, ["nearest", "linear"]);
  emit(builder, `Resize <mode = "${mode}"> (${name}, "", ${scales})`, fresh(builder, "z"), [
    channels,
    height * 2,
    width,
  ]);
}

/** Concat along the channels, of values that agree in the rest. */
function join(builder: Builder, { name, dims }: Signal): void {
  const { random, signals } = builder;
  const [channels = 1, ...rest] = dims;
  const partners = signals.filter(
    (signal) => signal.dims.slice(1).join() === rest.join() && signal.dims.length === dims.length,
  );
  const partner = pick(random, partners);
  if (channels + (partner.dims[0] ?? 1) > 12) return;
  emit(builder, `Concat <axis = 1> (${name}, ${partner.name})`, fresh(builder, "j"), [
    channels + (partner.dims[0] ?? 1),
    ...rest,
  ]);
}

/** Two parts of the channels, by Split or Slice. */
function split(builder: Builder, { name, dims }: Signal): void {
  const { random } = builder;
  const [channels = 1, ...rest] = dims;
  if (channels < 2) return;
  const first = random.integer(1, channels);
  const bounds = fresh(builder, "bounds");
  if (random.uniform() < 0.5) {
    builder.constants.push(`int64[2] ${bounds} = {${first}, ${channels - first}}`);
    const [a, b] = [fresh(builder, "h"), fresh(builder, "h")];
    builder.nodes.push(`${builder.indent}${a}, ${b} = Split <axis = 1> (${name}, ${bounds})`);
    builder.signals.push({ name: a, dims: [first, ...rest] }, { name: b, dims: [channels - first, ...rest] });
  } else {
    const [one, start] = [fresh(builder, "axis"), fresh(builder, "start")];
    builder.constants.push(
      `int64[1] ${one} = {1}`,
      `int64[1] ${start} = {0}`,
      `int64[1] ${bounds} = {${first}}`,
    );
    emit(builder, `Slice (${name}, ${start}, ${bounds}, ${one})`, fresh(builder, "h"), [first, ...rest]);
  }
}

/**
 * A part of the network inside of an If, which reads the values and the weights around it or has its own. The branches
 * give their values the same names.
 */
function branch(builder: Builder, from: Signal): void {
  const { random } = builder;
  const own = random.uniform() < 0.5;
  const inner: Builder = {
    ...builder,
    nodes: [],
    signals: [from],
    indent: "  ",
    ...(own ? { constants: [], weights: new Map() } : {}),
  };
  for (let i = random.integer(1, 4); i > 0; i--) step(inner);
  const last = inner.signals.at(-1) ?? from;
  builder.count = inner.count;
  const [name, result] = [fresh(builder, "i"), fresh(builder, "u")];
  const body = (op: string): string =>
    `b () => (${result}) <${own ? inner.constants.join(", ") : ""}> {
${inner.nodes.join("\n")}
  ${result} = ${op} (${last.name})
}`;
  emit(builder, `If (p) <then_branch = ${body("Relu")}, else_branch = ${body("Neg")}>`, name, last.dims);
}
