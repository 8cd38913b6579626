import { isStandardDomain } from "../ir/graph.js";
import type { InferTable } from "../rules/fact.js";
import { attentions } from "./attention/infer.js";
import { classic } from "./classic/infer.js";
import { contrib } from "./contrib/infer.js";
import { bodyInputs, control } from "./control/infer.js";
import { convolution } from "./convolution/infer.js";
import { elementwise } from "./elementwise/infer.js";
import { generate } from "./generate/infer.js";
import { linear } from "./linear/infer.js";
import { losses } from "./loss/infer.js";
import { movement } from "./movement/infer.js";
import { normalization } from "./normalization/infer.js";
import type { OperatorFacets } from "./operator.js";
import { pooling } from "./pooling/infer.js";
import { quantization } from "./quantization/infer.js";
import { recurrent } from "./recurrent/infer.js";
import { reduction } from "./reduction/infer.js";
import { sequence } from "./sequence/infer.js";
import { shapes } from "./shape/infer.js";
import { signal } from "./signal/infer.js";
import { texts } from "./text/infer.js";
import { vision } from "./vision/infer.js";

/** One row per family folder. */
const FAMILIES: readonly InferTable[] = [
  attentions,
  control,
  convolution,
  elementwise,
  generate,
  linear,
  losses,
  movement,
  normalization,
  pooling,
  quantization,
  recurrent,
  reduction,
  sequence,
  shapes,
  signal,
  texts,
  vision,
];

/** Whether a Dropout is one of them depends on the node: see isDeterministic. */
const RANDOM: ReadonlySet<string> = new Set([
  "Bernoulli",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);

const STANDARD = collect(FAMILIES);

/** Operators of other domains that real models have. */
const OTHERS: ReadonlyMap<string, ReadonlyMap<string, OperatorFacets>> = new Map([
  ["ai.onnx.ml", collect([classic])],
  ["com.microsoft", collect([contrib])],
]);

function collect(families: readonly InferTable[]): ReadonlyMap<string, OperatorFacets> {
  const facets = new Map<string, OperatorFacets>();
  for (const family of families) {
    for (const [opType, infer] of Object.entries(family)) {
      const bodyInput = bodyInputs[opType];
      const deterministic = !RANDOM.has(opType);
      facets.set(
        opType,
        bodyInput === undefined ? { infer, deterministic } : { infer, bodyInput, deterministic },
      );
    }
  }
  return facets;
}

/** What is known about an operator of an operator set version; undefined: nothing. */
export function lookupOperator(
  domain: string | undefined,
  opType: string,
  _opset: number,
): OperatorFacets | undefined {
  return (isStandardDomain(domain) ? STANDARD : OTHERS.get(domain ?? ""))?.get(opType);
}

/** The standard operators that something is known about. */
export function knownOperators(): readonly string[] {
  return [...STANDARD.keys()].sort();
}
