import type { FacetTable } from "../../rules/facet.js";
import { type Dims, type InferRule, tensorConclusion } from "../../rules/fact.js";
import type { OPERATORS } from "./operators.js";

/**
 * Y [sequence, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden] of X [sequence, batch, input]; with
 * layout = 1 the batch comes first everywhere.
 */
const recurrentNetwork: InferRule = (c) => {
  const x = c.shape(0);
  if (x !== undefined && x.length !== 3) return c.reject("X has not three axes");
  const dtype = c.dtype(0);
  const hidden = c.int("hidden_size") ?? c.shape(2)?.[2];
  const directions = c.text("direction") === "bidirectional" ? 2 : 1;
  const batchFirst = c.int("layout", 0) === 1;
  const [sequence, batch] = batchFirst ? [x?.[1], x?.[0]] : [x?.[0], x?.[1]];
  const y: Dims = batchFirst ? [batch, sequence, directions, hidden] : [sequence, directions, batch, hidden];
  const last = tensorConclusion(
    dtype,
    batchFirst ? [batch, directions, hidden] : [directions, batch, hidden],
  );
  return [tensorConclusion(dtype, y), last, last];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  GRU: recurrentNetwork,
  LSTM: recurrentNetwork,
  RNN: recurrentNetwork,
};
