// Models that grow in one way each: the widest node, the longest chain, the most functions, inputs, bodies or names. Each maker
// takes a size and gives ONNX text; what grows is about proportional to it.

const HEADER = `<ir_version: 10, opset_import: ["" : 17, "f" : 1]>`;
const CHANNELS = "float[4] k = {2, 0.5, 1.5, 1}, float[4] m = {1, 3, 0.5, 2}";

function lines(count, line) {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

function names(count, name) {
  return Array.from({ length: count }, (_, i) => name(i)).join(", ");
}

/** A graph from `float[N,4] x` to `y`, with the initializers and functions given. */
function graph(
  body,
  { initializers = CHANNELS, inputs = "float[N,4] x", outputs = "y", functions = "" } = {},
) {
  return `${HEADER} g (${inputs}) => (${outputs}) <${initializers}> {\n${body}\n}\n${functions}`;
}

/** `count` nodes in a row, each from the value before it; `line` gives node i from `from` to `to`. */
function chainOf(count, line, options) {
  const name = (i) => (i < 0 ? "x" : i === count - 1 ? "y" : `v${i}`);
  return graph(
    lines(count, (i) => line(i, name(i - 1), name(i))),
    options,
  );
}

const constants = (count, values) => names(count, (i) => `float[4] k${i} = {${values(i)}}`);

/** What grows, and the maker of the model. */
export const KINDS = {
  "Concat of scaled parts": (n) =>
    graph(
      `${lines(n, (i) => `s${i} = Mul (x, k${i})`)}\ny = Concat <axis = 1> (${names(n, (i) => `s${i}`)})`,
      {
        initializers: constants(n, (i) => [i + 2, 1, 2, 3]),
      },
    ),
  "Concat of scaled parts below a Conv": (n) =>
    graph(
      `${lines(n, (i) => `s${i} = Mul (p${i}, a${i})`)}\nc = Concat <axis = 1> (${names(n, (i) => `s${i}`)})\ny = Conv (c, w)`,
      {
        inputs: names(n, (i) => `float[N,2,5,5] p${i}`),
        initializers: `${names(n, (i) => `float[2,1,1] a${i} = {${i + 2}, 3}`)}, float[1,${2 * n},1,1] w = {${names(2 * n, (i) => `${i % 7}.5`)}}`,
      },
    ),
  "Sum of branches": (n) =>
    graph(
      `${lines(n, (i) => `a${i} = Add (x, k${i})\ns${i} = Sin (a${i})`)}\ny = Sum (${names(n, (i) => `s${i}`)})`,
      {
        initializers: constants(n, (i) => [i >> 1, 1, 2, 3]),
      },
    ),
  "Sum of scaled parts": (n) =>
    graph(`${lines(n, (i) => `s${i} = Mul (x, k${i})`)}\ny = Sum (${names(n, (i) => `s${i}`)})`, {
      initializers: constants(n, (i) => [i + 2, 1, 2, 3]),
    }),
  "tree of Adds": (n) => {
    const adds = [];
    let level = Array.from({ length: n }, (_, i) => `t${i}`);
    for (let depth = 0; level.length > 1; depth++) {
      level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
        if (2 * i + 1 === level.length) return level[2 * i];
        const to = level.length === 2 ? "y" : `d${depth}_${i}`;
        adds.push(`${to} = Add (${level[2 * i]}, ${level[2 * i + 1]})`);
        return to;
      });
    }
    return graph(`${lines(n, (i) => `m${i} = Mul (x, k${i})\nt${i} = Tanh (m${i})`)}\n${adds.join("\n")}`, {
      initializers: constants(n, (i) => [i + 2, 1, 2, 3]),
    });
  },
  "Split and Concat": (n) =>
    graph(
      `${names(n, (i) => `s${i}`)} = Split <axis = 1> (x)\n${lines(n, (i) => `r${i} = Relu (s${i})`)}\ny = Concat <axis = 1> (${names(n, (i) => `r${i}`)})`,
      {
        inputs: `float[N,${n}] x`,
      },
    ),
  "Split and Concat, nothing between": (n) =>
    graph(
      `${names(n, (i) => `s${i}`)} = Split <axis = 1> (x)\ny = Concat <axis = 1> (${names(n, (i) => `s${i}`)})`,
      {
        inputs: `float[N,${n}] x`,
      },
    ),
  "parallel Slices": (n) =>
    graph(
      `${lines(n, (i) => `s${i} = Slice (x, from${i}, to${i}, axis)\nr${i} = Relu (s${i})`)}\ny = Concat <axis = 1> (${names(n, (i) => `r${i}`)})`,
      {
        inputs: `float[N,${2 * n}] x`,
        initializers: `int64[1] axis = {1}, ${names(n, (i) => `int64[1] from${i} = {${2 * i}}, int64[1] to${i} = {${2 * i + 2}}`)}`,
      },
    ),
  "parallel Gathers": (n) =>
    graph(
      `${lines(n, (i) => `s${i} = Gather <axis = 1> (x, i${i})\nr${i} = Relu (s${i})`)}\ny = Sum (${names(n, (i) => `r${i}`)})`,
      {
        inputs: `float[N,${n}] x`,
        initializers: names(n, (i) => `int64 i${i} = {${i}}`),
      },
    ),
  "parallel MatMuls": (n) =>
    graph(
      `${lines(n, (i) => `s${i} = MatMul (x, k${i})\nb${i} = Add (s${i}, c${i})`)}\ny = Sum (${names(n, (i) => `b${i}`)})`,
      {
        initializers: names(
          n,
          (i) => `float[4,2] k${i} = {1, 2, 3, 4, 5, 6, 7, ${i}}, float[2] c${i} = {1, ${i}}`,
        ),
      },
    ),
  "chain of maps": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        `${to} = ${["Tanh", "Mul", "Identity", "Add"][i % 4]} (${from}${i % 2 === 1 ? ", k" : ""})`,
    ),
  "chain of one map": (n) => chainOf(n, (_, from, to) => `${to} = Mul (${from}, k)`),
  "chain of Identity": (n) => chainOf(n, (_, from, to) => `${to} = Identity (${from})`),
  "chain of Transpose": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        i % 2 === 0 ? `${to} = Transpose <perm = [1, 0]> (${from})` : `${to} = Tanh (${from})`,
      {
        inputs: "float[4,4] x",
      },
    ),
  "chain of Reshape": (n) =>
    chainOf(
      n,
      (i, from, to) => (i % 2 === 0 ? `${to} = Reshape (${from}, s${i % 4})` : `${to} = Tanh (${from})`),
      {
        inputs: "float[4,4] x",
        initializers: "int64[1] s0 = {16}, int64[2] s2 = {4, 4}",
      },
    ),
  "chain of Add": (n) => chainOf(n, (_, from, to) => `${to} = Add (${from}, x)`),
  "chain of MatMul": (n) =>
    chainOf(n, (_, from, to) => `${to} = MatMul (${from}, w)`, {
      initializers: `float[4,4] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}`,
    }),
  "chain of residual blocks": (n) => {
    const name = (i) => (i < 0 ? "x" : i === n - 1 ? "y" : `v${i}`);
    return graph(
      lines(
        n,
        (i) =>
          `m${i} = MatMul (${name(i - 1)}, w)\nb${i} = Mul (m${i}, k)\nr${i} = Relu (b${i})\n${name(i)} = Add (r${i}, ${name(i - 1)})`,
      ),
      {
        initializers: `${CHANNELS}, float[4,4] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}`,
      },
    );
  },
  "chain of Conv, BatchNormalization, Relu": (n) => {
    const name = (i) => (i < 0 ? "x" : i === n - 1 ? "y" : `v${i}`);
    return graph(
      lines(
        n,
        (i) =>
          `c${i} = Conv (${name(i - 1)}, w)\nb${i} = BatchNormalization (c${i}, s, s, s, s)\n${name(i)} = Relu (b${i})`,
      ),
      { inputs: "float[N,1,8,8] x", initializers: "float[1,1,1,1] w = {3}, float[1] s = {0.5}" },
    );
  },
  "one value, many readers": (n) =>
    graph(
      `t = Mul (x, k)\n${lines(n, (i) => `r${i} = ${["Relu", "Tanh", "Sin", "Exp"][i % 4]} (t)\nq${i} = Add (r${i}, c${i})`)}`,
      {
        outputs: names(n, (i) => `q${i}`),
        initializers: `${CHANNELS}, ${names(n, (i) => `float[4] c${i} = {1, 2, 3, ${i}}`)}`,
      },
    ),
  "equal subexpressions": (n) =>
    graph(
      `${lines(n, (i) => `a${i} = Exp (x)\nb${i} = Mul (a${i}, k)\nc${i} = Tanh (b${i})`)}\ny = Sum (${names(n, (i) => `c${i}`)})`,
    ),
  "equal constants": (n) =>
    graph(`${lines(n, (i) => `a${i} = Pow (x, k${i})`)}\ny = Sum (${names(n, (i) => `a${i}`)})`, {
      initializers: constants(n, () => [1, 2, 3, 4]),
    }),
  "constants that differ at the end": (n) =>
    graph(`${lines(n, (i) => `a${i} = Pow (x, k${i})`)}\ny = Sum (${names(n, (i) => `a${i}`)})`, {
      initializers: constants(n, (i) => [1, 2, 3, i]),
    }),
  "constants computed": (n) =>
    graph(
      `${lines(n, (i) => `e${i} = Exp (k${i})\na${i} = Pow (x, e${i})`)}\ny = Sum (${names(n, (i) => `a${i}`)})`,
      {
        initializers: constants(n, (i) => [1, 2, 3, i]),
      },
    ),
  "chain of constants": (n) =>
    graph(
      `e0 = Exp (k)\n${lines(n, (i) => `e${i + 1} = ${i % 2 === 0 ? "Neg" : "Tanh"} (e${i})`)}\ny = Add (x, e${n})`,
    ),
  "string tensors": (n) =>
    graph(`y = Identity (x)\n${lines(n, (i) => `q${i} = Equal (s${i % 9}, t)`)}`, {
      inputs: "string[2] t, float[N,4] x",
      outputs: `y, ${names(n, (i) => `q${i}`)}`,
      initializers: names(9, (i) => `string[2] s${i} = {"a", "b${i}"}`),
    }),
  "inputs and outputs": (n) =>
    graph(
      lines(n, (i) => `y${i} = Relu (x${i})`),
      {
        inputs: names(n, (i) => `float[N,4] x${i}`),
        outputs: names(n, (i) => `float[N,4] y${i}`),
      },
    ),
  "outputs through Identity": (n) =>
    graph(`a = Exp (x)\n${lines(n, (i) => `y${i} = Identity (a)`)}`, { outputs: names(n, (i) => `y${i}`) }),
  "inputs with defaults": (n) =>
    graph(`${lines(n, (i) => `a${i} = Mul (x, d${i})`)}\ny = Sum (${names(n, (i) => `a${i}`)})`, {
      inputs: `float[N,4] x, ${names(n, (i) => `float[4] d${i}`)}`,
      initializers: names(n, (i) => `float[4] d${i} = {1, 2, 3, ${i}}`),
    }),
  "If in a row": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        `${to} = If (c) <then_branch = t${i} () => (ty${i}) { ty${i} = Relu (${from}) }, else_branch = e${i} () => (ey${i}) { ey${i} = Tanh (${from}) }>`,
      { inputs: "float[N,4] x, bool c" },
    ),
  "If with constant conditions": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        `${to} = If (c) <then_branch = t${i} () => (ty${i}) { ty${i} = Relu (${from}) }, else_branch = e${i} () => (ey${i}) { ey${i} = Tanh (${from}) }>`,
      { initializers: "bool c = {1}" },
    ),
  "Loop with a long body": (n) => {
    const name = (i) => (i < 0 ? "v" : i === n - 1 ? "out" : `b${i}`);
    const body = lines(
      n,
      (i) => `${name(i)} = ${i % 2 === 0 ? "Tanh" : "Mul"} (${name(i - 1)}${i % 2 === 1 ? ", k" : ""})`,
    );
    return graph(
      `y = Loop (trips, , x) <body = b (int64 i, bool go, float[N,4] v) => (keep, out) { keep = Identity (go)\n${body} }>`,
      { initializers: `${CHANNELS}, int64 trips = {3}` },
    );
  },
  "Loop with many states": (n) =>
    graph(
      `${names(n, (i) => `y${i}`)} = Loop (trips, , ${names(n, () => "x")}) <body = b (int64 i, bool go, ${names(n, (i) => `float[N,4] v${i}`)}) => (keep, ${names(n, (i) => `o${i}`)}) { keep = Identity (go)\n${lines(n, (i) => `o${i} = Tanh (v${i})`)} }>`,
      { outputs: names(n, (i) => `y${i}`), initializers: `int64 trips = {3}` },
    ),
  "functions inlined": (n) =>
    chainOf(n, (i, from, to) => `${to} = f.F${i} (${from})`, {
      functions: lines(
        n,
        (i) =>
          `<domain: "f", opset_import: ["" : 17, "f" : 1]> F${i} (a) => (b) { c = Tanh (a)\nd = Exp (c)\nb = Add (d, a) }`,
      ),
    }),
  "calls of one function inlined": (n) =>
    chainOf(n, (_, from, to) => `${to} = f.F (${from})`, {
      functions: `<domain: "f", opset_import: ["" : 17, "f" : 1]> F (a) => (b) { c = Tanh (a)\nd = Exp (c)\nb = Add (d, a) }`,
    }),
  "functions that call each other inlined": (n) =>
    graph("y = f.F0 (x)", {
      functions: lines(
        n,
        (i) =>
          `<domain: "f", opset_import: ["" : 17, "f" : 1]> F${i} (a) => (b) { c = Tanh (a)\nb = ${i === n - 1 ? "Exp" : `f.F${i + 1}`} (c) }`,
      ),
    }),
  "functions with named nodes inlined": (n) =>
    chainOf(n, (i, from, to) => `${to} = f.F${i} (${from})`, {
      functions: lines(
        n,
        (i) =>
          `<domain: "f", opset_import: ["" : 17, "f" : 1]> F${i} (a) => (b) { ["first"] c = Tanh (a)\n["second"] d = Exp (c)\n["third"] b = Add (d, a) }`,
      ),
    }),
  "functions kept": (n) =>
    chainOf(n, (i, from, to) => `${to} = f.F${i} (${from})`, {
      functions: lines(
        n,
        (i) =>
          `<domain: "f", opset_import: ["" : 17, "f" : 1]> F${i} (a) => (b) { c = Tanh (a)\nd = Exp (c)\nb = Add (d, a) }`,
      ),
    }),
  "long names": (n) =>
    chainOf(n, (i, from, to) => {
      const long = (name) => (name === "x" || name === "y" ? name : `${"scope/".repeat(60)}${name}`);
      return `"${long(to)}" = ${i % 2 === 0 ? "Tanh" : "Identity"} ("${long(from)}")`;
    }),
  "shape arithmetic": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        `s${i} = Shape (${from})\ng${i} = Gather <axis = 0> (s${i}, zero)\nu${i} = Unsqueeze (g${i}, axes)\nc${i} = Concat <axis = 0> (u${i}, four)\nq${i} = Reshape (${from}, c${i})\n${to} = Tanh (q${i})`,
      { initializers: "int64 zero = {0}, int64[1] axes = {0}, int64[1] four = {4}" },
    ),
  "quantized layers": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        `q${i} = QuantizeLinear (${from}, s, z)\nd${i} = DequantizeLinear (q${i}, s, z)\n${to} = Relu (d${i})`,
      { initializers: "float s = {0.5}, uint8 z = {3}" },
    ),
  "Gelu spelled out": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        `a${i} = Div (${from}, r)\nb${i} = Erf (a${i})\nc${i} = Add (b${i}, one)\nd${i} = Mul (${from}, c${i})\n${to} = Mul (d${i}, half)`,
      { initializers: "float r = {1.41421356}, float one = {1}, float half = {0.5}" },
    ),
  "LayerNormalization spelled out": (n) =>
    chainOf(
      n,
      (i, from, to) =>
        `a${i} = ReduceMean <axes = [-1]> (${from})\nb${i} = Sub (${from}, a${i})\nc${i} = Pow (b${i}, two)\nd${i} = ReduceMean <axes = [-1]> (c${i})\ne${i} = Add (d${i}, eps)\nf${i} = Sqrt (e${i})\ng${i} = Div (b${i}, f${i})\nh${i} = Mul (g${i}, k)\n${to} = Add (h${i}, m)`,
      { initializers: `${CHANNELS}, float two = {2}, float eps = {0.00001}` },
    ),
  "dead nodes": (n) =>
    graph(`${lines(n, (i) => `a${i} = Exp (${i === 0 ? "x" : `a${i - 1}`})`)}\ny = Relu (x)`),
  "Dropouts and Casts": (n) =>
    chainOf(n, (i, from, to) =>
      i % 2 === 0 ? `${to} = Dropout (${from})` : `${to} = Cast <to = 1> (${from})`,
    ),
  sequences: (n) =>
    graph(
      `s = SequenceConstruct (${names(n, () => "x")})\n${lines(n, (i) => `a${i} = SequenceAt (s, i${i})\nr${i} = Relu (a${i})`)}\ny = Sum (${names(n, (i) => `r${i}`)})`,
      {
        initializers: names(n, (i) => `int64 i${i} = {${i}}`),
      },
    ),
  "dense blocks": (n) => {
    const parts = Math.max(2, Math.round(Math.sqrt(2 * n)));
    const body = [];
    for (let i = 0; i < parts; i++) {
      const from = i === 0 ? "x" : `c${i}`;
      body.push(
        `t${i} = Tanh (${from})`,
        `p${i} = ReduceMax <axes = [1], keepdims = 1> (t${i})`,
        `m${i} = Mul (p${i}, two)`,
      );
      body.push(`c${i + 1} = Concat <axis = 1> (x, ${names(i + 1, (j) => `m${j}`)})`);
    }
    return graph(`${body.join("\n")}\ny = Relu (c${parts})`, { initializers: "float two = {2}" });
  },
};

/** Options of `optimize` that a kind needs. */
export const OPTIONS = {
  "functions inlined": { inlineFunctions: true },
  "calls of one function inlined": { inlineFunctions: true },
  "functions that call each other inlined": { inlineFunctions: true },
  "functions with named nodes inlined": { inlineFunctions: true },
};
