import type { Tensor } from "../ir/tensor.js";
import { isIdentifier } from "./lex.js";
import { quoted } from "./number.js";

/** Prints a tensor: type, name and data. */
export type TensorPrinter = (tensor: Tensor) => string;

/** A name at a place where only a name can stand. */
export function wordText(name: string): string {
  return isIdentifier(name) ? name : quoted(name);
}
