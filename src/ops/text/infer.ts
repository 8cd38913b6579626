import type { FacetTable } from "../../rules/facet.js";
import { type InferRule, tensorConclusion } from "../../rules/fact.js";
import { broadcastShapes } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

const concat: InferRule = (c) => {
  const shape = broadcastShapes([c.shape(0), c.shape(1)]);
  return shape === "mismatch"
    ? c.reject("the input shapes do not broadcast")
    : [tensorConclusion("string", shape)];
};

/** Stop words are dropped, so that the last size may shrink. */
const normalizer: InferRule = (c) => [
  tensorConclusion(
    "string",
    c.shape(0)?.map((dim, axis, x) => (axis === x.length - 1 ? undefined : dim)),
  ),
];

const split: InferRule = (c) => {
  const x = c.shape(0);
  return [
    tensorConclusion("string", x === undefined ? undefined : [...x, undefined]),
    tensorConclusion("int64", x),
  ];
};

const tfIdf: InferRule = (c) => {
  const columns = c.ints("ngram_indexes")?.reduce((a, b) => Math.max(a, b), -1);
  const x = c.shape(0);
  const size = columns === undefined ? undefined : columns + 1;
  return [tensorConclusion("float", x === undefined ? undefined : [...x.slice(0, -1), size])];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  RegexFullMatch: (c) => [tensorConclusion("bool", c.shape(0))],
  StringConcat: concat,
  StringNormalizer: normalizer,
  StringSplit: split,
  TfIdfVectorizer: tfIdf,
};
