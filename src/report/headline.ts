import type { FileSize } from "../library/save.js";
import type { Cell } from "./layout.js";
import type { Style } from "./style.js";
import { bytesText } from "./units.js";

/** `a.onnx -> b.onnx (3 kB)` as the cells of a paragraph; without an output, the input alone. */
export function headline(input: FileSize, output: FileSize | undefined, { bold }: Style): readonly Cell[] {
  const from = { text: input.path, paint: bold };
  if (output === undefined) return [from];
  return [from, "->", { text: output.path, paint: bold }, `(${bytesText(output.bytes)})`];
}

/** Says that the result has another IR version. Before version 4 every constant is an input of its graph. */
export function raisedText(irVersion: number): string {
  return `IR version raised to ${irVersion}, which its opset or its new constants need`;
}
