import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { ValueType } from "../ir/type.js";
import { type MaybeDim, symbol } from "../rules/dims.js";
import type { FactType, TensorFactType } from "../rules/fact.js";
import { isTensor } from "../rules/shapes.js";

/**
 * The type that a value's declaration gives it. Only the inputs of the model give symbols: a name on an inner value is the
 * guess of some tool, and models use a name such as "unk" for sizes that differ.
 */
export function declaredType(value: Value, model: Model): FactType<MaybeDim> | undefined {
  if (value.type === undefined) return undefined;
  const isModelInput = value.graph === model.graph && value.isGraphInput;
  const type = fromDeclaration(value.type, isModelInput);
  if (type === undefined || !isTensor(type) || type.shape === undefined || value.isGraphInput) return type;
  // For a shape that they do not know, old converters write an empty one, which is a scalar's. For the outputs of a model
  // they write the sizes of one example run.
  if (type.shape.length === 0) return { ...type, shape: undefined };
  const isModelOutput = value.graph === model.graph && value.isGraphOutput;
  return isModelOutput ? { ...type, shape: type.shape.map(() => undefined) } : type;
}

/** The inferred type, completed by the declared one. Where the two contradict each other, inference wins and `note` is called. */
export function joinTypes(
  inferred: FactType<MaybeDim> | undefined,
  declared: FactType<MaybeDim> | undefined,
  note: (contradiction: string) => void,
): FactType<MaybeDim> | undefined {
  if (inferred === undefined || declared === undefined) return inferred ?? declared;
  if (isTensor(inferred) && isTensor(declared)) return joinTensorTypes(inferred, declared, note);
  if (inferred.kind !== declared.kind) note(`declared ${declared.kind}, is ${inferred.kind}`);
  return inferred;
}

function joinTensorTypes(
  inferred: TensorFactType<MaybeDim>,
  declared: TensorFactType<MaybeDim>,
  note: (contradiction: string) => void,
): TensorFactType<MaybeDim> {
  const { kind } = inferred;
  if (inferred.dtype !== undefined && declared.dtype !== undefined && inferred.dtype !== declared.dtype) {
    note(`declared ${declared.dtype}, is ${inferred.dtype}`);
  }
  const dtype = inferred.dtype ?? declared.dtype;
  const { shape } = declared;
  if (inferred.shape === undefined || shape === undefined) {
    return { kind, dtype, shape: inferred.shape ?? shape };
  }
  if (inferred.shape.length !== shape.length) {
    note(`declared with rank ${shape.length}, has rank ${inferred.shape.length}`);
    return { kind, dtype, shape: inferred.shape };
  }
  const dims = inferred.shape.map((dim, axis) => {
    const size = shape[axis];
    if (typeof dim === "number" && typeof size === "number" && dim !== size) {
      note(`declared with size ${size} on axis ${axis}, has size ${dim}`);
    }
    return dim ?? size;
  });
  return { kind, dtype, shape: dims };
}

/** Names that converters write for unknown sizes. Two sizes of such a name need not be equal. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  "",
  "?",
  "None",
  "none",
  "unk",
  "unknown",
  "-1",
  "dynamic",
]);

function fromDeclaration(type: ValueType, named: boolean): FactType<MaybeDim> | undefined {
  switch (type.kind) {
    case "tensor":
    case "sparse_tensor":
      return {
        kind: type.kind,
        dtype: type.dtype === "undefined" ? undefined : type.dtype,
        shape: type.shape?.map((dim) => {
          // Old converters write 0 and -1 for sizes that are not known.
          if (typeof dim === "number") return Number.isSafeInteger(dim) && dim > 0 ? dim : undefined;
          return named && dim !== undefined && !PLACEHOLDERS.has(dim) ? symbol(dim) : undefined;
        }),
      };
    case "sequence":
    case "optional":
      return {
        kind: type.kind,
        element: type.element === undefined ? undefined : fromDeclaration(type.element, false),
      };
    case "map":
    case "opaque":
      return { kind: type.kind };
  }
}
