import type { Model } from "../ir/model.js";
import type { FeedSet } from "../runtime/feeds.js";
import { errors } from "./errors.js";

/** Throws "usage" for impossible sizes of inputs. The runtime would refuse them too, but would blame the model. */
export function assertShapesFit(
  model: Model,
  shapes: Readonly<Record<string, readonly number[]>> | undefined,
): void {
  for (const [name, sizes] of Object.entries(shapes ?? {})) {
    const wrong = sizes.find((size) => !Number.isSafeInteger(size) || size < 0);
    if (wrong !== undefined) throw errors.inputCannotHaveSize(name, wrong);
    const clash = contradiction(model, name, sizes);
    if (clash !== undefined) throw errors.sizeContradictsModel(...clash);
  }
}

/** Throws "usage" for no data at all, "invalid" for tensors of other sizes than the model declares. */
export function assertDataFits(model: Model, data: readonly FeedSet[] | undefined): void {
  if (data === undefined) return;
  if (data.length === 0) throw errors.dataIsEmpty();
  for (const { name: set, feeds } of data) {
    for (const [name, { dims }] of feeds) {
      const clash = contradiction(model, name, dims);
      if (clash !== undefined) throw errors.dataContradictsModel(...clash, set);
    }
  }
}

/** Throws "usage" where `b` has an input that `a` has not: models are compared on the same inputs. */
export function assertSameInputs(a: Model, b: Model): void {
  const known = new Set(a.graph.inputs.map(({ name }) => name));
  const strange = b.graph.inputs.find((value) => value.tensor === undefined && !known.has(value.name));
  if (strange !== undefined) throw errors.inputsDiffer(strange.name);
}

type Contradiction = readonly [input: string, declared: unknown, axis: number, given: unknown];

/** The first size that contradicts the model's declaration. Some exporters write 0 and -1 for unknown sizes. */
function contradiction(model: Model, name: string, sizes: readonly number[]): Contradiction | undefined {
  const type = model.graph.inputs.find((value) => value.name === name)?.type;
  const declared = (type?.kind === "tensor" && type.shape) || [];
  const axis = declared.findIndex(
    (dim, at) => typeof dim === "number" && dim > 0 && dim !== (sizes[at] ?? dim),
  );
  return axis < 0 ? undefined : [name, declared[axis], axis, sizes[axis]];
}
