import { add, exactDiv, type MaybeDim, mul } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import { type InferRule, tensorConclusion } from "../../rules/fact.js";
import { likeFirst } from "../../rules/inference.js";
import type { OPERATORS } from "./operators.js";

/**
 * Q, K, V are [batch, heads, sequence, size], or [batch, sequence, heads * size] with the head counts as attributes.
 * The outputs are Y, which has the layout of Q and the size of V, the keys and values behind the past ones, and Q K^T.
 */
const attention: InferRule = (c) => {
  const [q, k, v] = [c.shape(0), c.shape(1), c.shape(2)];
  const flat = q?.length === 3;
  if (q === undefined || (q.length !== 3 && q.length !== 4)) return [tensorConclusion(c.dtype(0), undefined)];
  const heads = flat ? c.int("q_num_heads") : q[1];
  const kvHeads = flat ? c.int("kv_num_heads") : k?.[1];
  const [queries, keys] = flat ? [q[1], k?.[1]] : [q[2], k?.[2]];
  const size = flat ? exactDiv(k?.[2], kvHeads) : k?.[3];
  const valueSize: MaybeDim = flat ? exactDiv(v?.[2], kvHeads) : v?.[3];
  const total = c.has(4) ? add(c.shape(4)?.[2], keys) : keys;
  const y = flat ? [q[0], queries, mul(heads, valueSize)] : [q[0], heads, queries, valueSize];
  return [
    tensorConclusion(c.dtype(0), y),
    tensorConclusion(c.dtype(1), [q[0], kvHeads, total, size]),
    tensorConclusion(c.dtype(2), [q[0], kvHeads, total, valueSize]),
    tensorConclusion(c.dtype(0), [q[0], heads, queries, total]),
  ];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  Attention: attention,
  RotaryEmbedding: likeFirst,
};
