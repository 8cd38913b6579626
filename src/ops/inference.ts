import { isStandardDomain } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { Facet, type FacetTable } from "../rules/facet.js";
import type { BodyInputRule, InferRule } from "../rules/fact.js";
import { inference as attention } from "./attention/infer.js";
import { inference as classic } from "./classic/infer.js";
import { inference as contrib } from "./contrib/infer.js";
import { bodyInputs, inference as control } from "./control/infer.js";
import { inference as convolution } from "./convolution/infer.js";
import { inference as elementwise } from "./elementwise/infer.js";
import { inference as generate } from "./generate/infer.js";
import { inference as linear } from "./linear/infer.js";
import { inference as loss } from "./loss/infer.js";
import { inference as movement } from "./movement/infer.js";
import { inference as normalization } from "./normalization/infer.js";
import { inference as pooling } from "./pooling/infer.js";
import { inference as quantization } from "./quantization/infer.js";
import { inference as recurrent } from "./recurrent/infer.js";
import { inference as reduction } from "./reduction/infer.js";
import { inference as sequence } from "./sequence/infer.js";
import { inference as shape } from "./shape/infer.js";
import { inference as signal } from "./signal/infer.js";
import { inference as text } from "./text/infer.js";
import { inference as vision } from "./vision/infer.js";

/** The rows of all families. A family left out is a type error. */
const TABLE: FacetTable<StandardOperator, InferRule> = {
  ...attention,
  ...control,
  ...convolution,
  ...elementwise,
  ...generate,
  ...linear,
  ...loss,
  ...movement,
  ...normalization,
  ...pooling,
  ...quantization,
  ...recurrent,
  ...reduction,
  ...sequence,
  ...shape,
  ...signal,
  ...text,
  ...vision,
};

/** Types, shapes and small elements of the outputs of each operator of the standard domain. */
export const INFERENCE: Facet<InferRule> = new Facet(TABLE);

/** Operators of other domains that real models have. */
const OTHER_DOMAINS: ReadonlyMap<string, Facet<InferRule>> = new Map([
  ["ai.onnx.ml", new Facet(classic)],
  ["com.microsoft", new Facet(contrib)],
]);

/** The rule that infers types and shapes of an operator's outputs; undefined for unknown operators. */
export function inferRule(domain: string | undefined, opType: string): InferRule | undefined {
  return (isStandardDomain(domain) ? INFERENCE : OTHER_DOMAINS.get(domain ?? ""))?.rule(opType);
}

const BODY_INPUTS: Facet<BodyInputRule> = new Facet(bodyInputs);

/** The rule that infers the inputs of an operator's bodies (control flow); undefined for operators without bodies. */
export function bodyInputRule(domain: string | undefined, opType: string): BodyInputRule | undefined {
  return isStandardDomain(domain) ? BODY_INPUTS.rule(opType) : undefined;
}

/** The operators of other domains whose types and shapes are inferred, by domain. */
export function otherDomains(): readonly {
  readonly domain: string;
  readonly operators: readonly string[];
}[] {
  return [...OTHER_DOMAINS].map(([domain, facet]) => ({ domain, operators: facet.withRule }));
}
