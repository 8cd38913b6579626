import { type Apply, type Draft, isReal, of, replaced, sized, step, type Var } from "./draft.js";
import { ELEMENTWISE } from "./elementwise.js";
import { LAYERS } from "./layers.js";
import { MOVEMENT } from "./movement.js";

/** How deep bodies are nested. */
const DEEPEST = 2;

/** A few nodes on values of the body and of the graphs around it; then a value like `x`, made of what they gave where it fits. */
function someNodes(d: Draft, x: Var): Var {
  for (let count = d.pick(4); count > 0; count--) step(d, OPERATORS, d.pick(OPERATORS.length), d.pick(4));
  const alike = d.values.filter(
    (y) => y.holder === "tensor" && y.dtype === x.dtype && y.dims.join() === x.dims.join(),
  );
  return alike.length === 0 ? x : d.one(alike.slice(-3));
}

/** A condition: constant, of the caller, or computed. */
function condition(d: Draft): Var {
  const kind = d.pick(3);
  const given = d.inputs.find((input) => input.dtype === "bool" && input.dims.length === 0);
  if (kind === 0) return d.constant("bool", []);
  if (kind === 1) return given ?? d.input("bool", []);
  return d.node("Not", [given ?? d.input("bool", [])], of("bool", []));
}

const branches: Apply = (d, x) => {
  if (d.depth >= DEEPEST) return undefined;
  const cond = condition(d);
  const [then_branch, else_branch] = [
    d.body([], () => [someNodes(d, x)]),
    d.body([], () => [someNodes(d, x)]),
  ];
  return d.node("If", [cond], x, { then_branch, else_branch });
};

const loop: Apply = (d, x) => {
  if (d.depth >= DEEPEST) return undefined;
  const trips = d.pick(4);
  const [i, go, carried] = [
    { ...of("int64", []), name: d.fresh() },
    { ...of("bool", []), name: d.fresh() },
    { ...x, name: d.fresh() },
  ];
  const body = d.body([i, go, carried], () => {
    const next = someNodes(d, carried);
    return d.chance(0.5) ? [go, next, next] : [go, next, d.node("Identity", [x], x)];
  });
  const stack = d.fresh();
  const made = d.node(
    "Loop",
    [d.scalar("int64", trips), d.chance(0.5) ? d.constant("bool", [], [1]) : undefined, x],
    x,
    { body },
    [stack],
  );
  return [made, { ...x, name: stack, dims: [trips, ...x.dims] }];
};

const scan: Apply = (d, x) => {
  const [length, ...rest] = x.dims;
  // onnxruntime wants to know the sizes that a body of Scan gives, and does not infer them through every operator.
  if (d.symbolic || d.depth >= DEEPEST || d.opset < 9 || length === undefined || length === 0)
    return undefined;
  const [state, row] = [
    { ...sized(x, rest), name: d.fresh() },
    { ...sized(x, rest), name: d.fresh() },
  ];
  const body = d.body([state, row], () => {
    if (x.dtype === "bool") return [d.node("Or", [state, row], row), row];
    const sum = d.node("Add", [state, row], row);
    return [sum, someNodes(d, sum)];
  });
  const rows = d.fresh();
  const made = d.node("Scan", [d.constant(x.dtype, rest), x], sized(x, rest), { body, num_scan_inputs: 1 }, [
    rows,
  ]);
  return [made, { ...x, name: rows, dims: [length, ...rest] }];
};

/** A function of the model, with an attribute that the call gives. */
const call: Apply = (d, x) => {
  if (d.ir < 8 || !isReal(x)) return undefined;
  const head = `<domain: "local", opset_import: ["" : ${d.opset}]>`;
  const kind = d.pick(3);
  if (kind === 0) {
    d.define(
      "Leak",
      `${head} Leak <slope> (a) => (c) { b = LeakyRelu <alpha: float = @slope> (a) c = Neg (b) }`,
    );
    return d.node("local.Leak", [x], x, { slope: "0.5" });
  }
  if (kind === 1) {
    d.define("Twice", `${head} Twice (a, b) => (c, e) { c = Add (a, b) d = Mul (c, b) e = Relu (d) }`);
    return d.node("local.Twice", [x, d.beside(x)], x, {}, [d.fresh()]);
  }
  // A function that bears an operator's name, and calls another.
  d.define("Swish", `${head} Swish (a) => (c) { b = Sigmoid (a) c = Mul (a, b) }`);
  d.define(
    "Relu",
    `<domain: "local", opset_import: ["" : ${d.opset}, "local" : 1]> Relu (a) => (c) { b = local.Swish (a) c = Relu (b) }`,
  );
  return d.node("local.Relu", [x], x);
};

const sequence: Apply = (d, x) => {
  if (d.opset < 11) return undefined;
  const items = [x, d.beside(x), x].slice(0, 1 + d.pick(3));
  const made = d.node("SequenceConstruct", items, { ...x, holder: "sequence" });
  const position = d.scalar("int64", d.one([0, items.length - 1, -1]));
  const kind = d.pick(6);
  if (kind === 0) return d.node("SequenceAt", [made, position], x);
  if (kind === 1) return d.node("SequenceAt", [d.node("SequenceInsert", [made, x], made), position], x);
  if (kind === 2 && items.length > 1) {
    const shorter = d.node("SequenceErase", [made, position], made);
    return d.node("SequenceAt", [shorter, d.scalar("int64", 0)], x);
  }
  if (kind === 3) return d.node("SequenceLength", [made], of("int64", []));
  if (x.dims.length === 0 || kind === 4)
    return d.node("ConcatFromSequence", [made], sized(x, [items.length, ...x.dims]), {
      axis: 0,
      new_axis: 1,
    });
  const [first = 0] = x.dims;
  return d.node("ConcatFromSequence", [made], sized(x, replaced(x.dims, 0, first * items.length)), {
    axis: 0,
  });
};

const pieces: Apply = (d, x) => {
  const [first, ...rest] = x.dims;
  if (d.opset < 11 || first === undefined || first === 0) return undefined;
  const keepdims = d.pick(2);
  const item = sized(x, keepdims === 1 ? [1, ...rest] : rest);
  const made = d.node("SplitToSequence", [x], { ...item, holder: "sequence" }, { axis: 0, keepdims });
  return d.node("SequenceAt", [made, d.scalar("int64", d.pick(first))], item);
};

const optional: Apply = (d, x) => {
  if (d.opset < 15 || x.dtype === "float16") return undefined;
  const held = d.node("Optional", [x], { ...x, holder: "optional" });
  if (d.chance(0.3)) return d.node("OptionalHasElement", [held], of("bool", []));
  return d.node("OptionalGetElement", [held], x);
};

const another: Apply = (d, x) =>
  d.depth > 0 ? undefined : d.node("Identity", [d.input(x.dtype, x.dims)], x);

const SIMPLE: readonly Apply[] = [...ELEMENTWISE, ...MOVEMENT, ...LAYERS];

export const OPERATORS: readonly Apply[] = [
  ...SIMPLE,
  branches,
  branches,
  loop,
  loop,
  scan,
  call,
  call,
  sequence,
  sequence,
  pieces,
  optional,
  another,
];
