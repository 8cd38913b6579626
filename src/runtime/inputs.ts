import { Callees } from "../ir/callees.js";
import { type DType, dtypeFromCode, type FloatDType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Dim, ValueType } from "../ir/type.js";
import type { Demand } from "../rules/operands/rule.js";
import { elementNames } from "./carriers.js";
import { Demands } from "./demands.js";
import type { Port } from "./runtime.js";
import { sizeByUse } from "./size-by-use.js";
import { coarsest } from "./tolerance.js";

/** An input to make data for. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: DType;
  /** undefined: the rank is not known. */
  readonly shape: readonly Dim[] | undefined;
  /**
   * The values that its readers take where the inputs have these sizes, by name: an index, a mask, a length, a variance.
   * `hints`: whether to follow the sizes that the model declares for its outputs, which may be those of one example run.
   */
  readonly demand: (sizes: ReadonlyMap<string, readonly number[]>, hints: boolean) => Demand | undefined;
}

/** The runtime's description of the inputs, for a model that was not read. Inputs that are no tensors are left out. */
export function portSpecs(ports: readonly Port[]): InputSpec[] {
  return ports.flatMap(({ name, dtype, shape }) =>
    dtype === undefined ? [] : [{ name, dtype, shape, demand: () => namedRange(name, dtype) }],
  );
}

/**
 * The description of the inputs in a model's own graph: declared types, sizes that the weights they meet fix, and the values
 * they may take where a direct use limits them. Inputs with a default are left out: onnxruntime-node takes none.
 */
export function describeInputs(model: Model): InputSpec[] {
  const given = model.graph.inputs.filter(
    (value) => value.tensor === undefined && value.sparse === undefined,
  );
  const inputs = given.filter((value) => value.type?.kind === "tensor");
  const callees = new Callees(model);
  const demands = new Demands(model);
  const isCall = (node: Node): boolean => callees.isCall(node);
  const known = new Map<string, number>();
  for (const value of inputs) {
    const shape = shapeOf(value);
    shape?.forEach((dim, axis) => {
      const size = typeof dim === "string" ? sizeByUse(value, axis, shape.length, isCall) : undefined;
      if (typeof dim === "string" && size !== undefined) known.set(dim, size);
    });
  }
  const held = given.flatMap((value) => heldSpecs(value.name, value.type));
  const tensors = inputs.map((value): InputSpec => {
    const dtype = value.type?.kind === "tensor" ? value.type.dtype : "undefined";
    const declared = shapeOf(value);
    const shape = declared?.map((dim, axis) =>
      typeof dim === "string"
        ? (known.get(dim) ?? dim)
        : (dim ?? sizeByUse(value, axis, declared.length, isCall)),
    );
    const demand: InputSpec["demand"] = (sizes, hints) => {
      const byValue = inputs.flatMap((input) => {
        const dims = sizes.get(input.name);
        return dims === undefined ? [] : [[input, dims] as const];
      });
      return demands.of(value, new Map(byValue), hints) ?? namedRange(value.name, dtype);
    };
    return { name: value.name, dtype, shape, demand };
  });
  return [...tensors, ...held];
}

/** The tensors that sequences and optional inputs are made of, in the form that the runtime takes. */
function heldSpecs(name: string, type: ValueType | undefined): InputSpec[] {
  const isOptional = type?.kind === "optional";
  const inner = isOptional ? type.element : type;
  const isSequence = inner?.kind === "sequence";
  const tensor = isSequence ? inner.element : inner;
  if (tensor?.kind !== "tensor" || !(isOptional || isSequence)) return [];
  const { dtype } = tensor;
  // Of a tensor whose rank is not known, a vector.
  const shape = tensor.shape?.map((dim) => (dim === "" ? undefined : dim)) ?? [undefined];
  const names = isSequence ? elementNames(name) : [name];
  return names.map((each) => ({ name: each, dtype, shape, demand: () => undefined }));
}

/** The declared shape; a dimension without a name is undefined. */
function shapeOf(value: Value): readonly Dim[] | undefined {
  const shape = value.type?.kind === "tensor" ? value.type.shape : undefined;
  return shape?.map((dim) => (dim === "" ? undefined : dim));
}

/** The coarsest floating-point type that a model computes in: of its inputs, weights and casts; float where it has none. */
export function precisionOf(model: Model): FloatDType {
  const dtypes: DType[] = [];
  for (const graph of model.graphs()) {
    for (const value of [...graph.inputs, ...graph.outputs]) {
      if (value.type?.kind === "tensor") dtypes.push(value.type.dtype);
    }
    for (const value of graph.initializers) dtypes.push(...computedIn(value, value.tensor?.dtype));
    for (const node of graph.nodes()) {
      if (node.is("Cast")) dtypes.push(...castTo(node));
      const constant = node.is("Constant") ? node.output(0) : undefined;
      if (constant !== undefined) dtypes.push(...computedIn(constant, node.tensorAttribute("value")?.dtype));
    }
  }
  return coarsest(dtypes);
}

/** The type of a constant that something computes with; weights that are only stored in half precision are cast first. */
function computedIn(value: Value, dtype: DType | undefined): DType[] {
  const stored = value.users.every((node) => node.is("Cast", "DequantizeLinear"));
  return dtype === undefined || stored ? [] : [dtype];
}

function castTo(node: Node): DType[] {
  const dtype = dtypeFromCode(node.int("to", 0));
  return dtype === undefined ? [] : [dtype];
}

/** The range that the name of an input suggests, for inputs whose use does not show their range. */
function namedRange(name: string, dtype: DType): Demand | undefined {
  const range = (low: number, high: number): Demand => ({ kind: "range", low, high, whole: true });
  if (/(^|_)(sr|sample_?rate)$/i.test(name)) return range(16000, 16001);
  if (/mask/i.test(name)) return range(0, 2);
  if (/len(gth)?s?$/i.test(name) && dtype.includes("int")) return range(1, 2);
  return undefined;
}
