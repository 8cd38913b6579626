import { basename } from "node:path";
import { errors } from "./errors.js";

/**
 * What a file of this name would be taken for. Names that say nothing, or that others use for ONNX models (.onnx, .pb, .bin, none),
 * are not here.
 */
const FORMATS: Readonly<Record<string, string>> = {
  ".ort": "ONNX Runtime's own format",
  ".tflite": "a TensorFlow Lite model",
  ".pt": "a PyTorch file",
  ".pth": "a PyTorch file",
  ".ckpt": "a checkpoint",
  ".safetensors": "a file of safetensors",
  ".h5": "a Keras model",
  ".hdf5": "a Keras model",
  ".keras": "a Keras model",
  ".mlmodel": "a Core ML model",
  ".mlpackage": "a Core ML model",
  ".engine": "a TensorRT engine",
  ".plan": "a TensorRT engine",
  ".trt": "a TensorRT engine",
  ".xml": "an OpenVINO model",
  ".param": "an ncnn model",
  ".mnn": "an MNN model",
  ".rknn": "an RKNN model",
  ".gguf": "a GGUF file",
  ".json": "a JSON document",
  ".onnxjson": "a JSON document",
  ".textproto": "a protobuf in text form",
  ".prototxt": "a protobuf in text form",
  ".pbtxt": "a protobuf in text form",
  ".onnxtxt": "a model in ONNX's textual syntax",
  ".onnxtext": "a model in ONNX's textual syntax",
  ".txt": "a text",
  ".md": "a text",
  ".csv": "a table",
  ".yaml": "a YAML document",
  ".yml": "a YAML document",
  ".npy": "a NumPy array",
  ".npz": "a NumPy archive",
  ".gz": "a compressed file",
  ".zip": "an archive",
  ".tar": "an archive",
  ".xz": "a compressed file",
  ".zst": "a compressed file",
  ".mjs": "a JavaScript module",
  ".js": "a JavaScript module",
  ".py": "a Python module",
  ".png": "an image",
  ".jpg": "an image",
  ".jpeg": "an image",
};

/** Refuses a name by whose end programs, and people, would take an ONNX model for another kind of file. Throws "usage". */
export function assertNamesOnnx(path: string): void {
  const [extension = ""] = /\.[^.]*$/.exec(basename(path).toLowerCase()) ?? [];
  const format = Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined;
  if (format !== undefined) throw errors.nameIsOfAnotherFormat(extension, format).at({ file: path });
}
