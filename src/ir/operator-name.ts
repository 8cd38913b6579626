/**
 * The operators of ONNX's standard domain, by name. Empty here, where nothing is known of operators: the families declare
 * theirs, and src/ops/catalogue.ts puts all of them in by declaration merging. So `node.is("Sigmod")` does not compile.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface StandardOperators {}

/** The name of an operator of the standard domain. Models may hold any other string. */
export type StandardOperator = Extract<keyof StandardOperators, string>;
