import type { Slot } from "../data/bind.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import type { DatasetOptions } from "../node/data/open.js";
import { errors } from "./errors.js";

/**
 * The data that a model needs: its inputs without a value of their own. Throws "unsupported" for inputs that are no
 * tensors.
 */
export function inputSlots(model: Model): readonly Slot[] {
  const inputs = model.graph.inputs.filter(
    (value) => value.tensor === undefined && value.sparse === undefined,
  );
  return inputs.map(({ name, type }) => {
    if (type?.kind === "tensor") return { name, dtype: type.dtype, shape: type.shape };
    throw errors.modelInputIsNoTensor().at({ element: name });
  });
}

/**
 * Opens files with samples for a model: .npy, .npz, idx (MNIST), folders of images or ONNX tensors, JavaScript modules.
 * Samples are read a batch at a time. Throws NormfoldError with the file and the fault.
 */
export async function openData(model: Model, path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const { openDataset } = await import("../node/data/open.js");
  return openDataset(path, inputSlots(model), options);
}
