import { tensorFromNumbers, type Value } from "../../../src/index.js";
import type { Exporter, Size } from "./exporter.js";

const LOWEST = -3.4028234663852886e38;

/** 0 where the flag holds, the lowest number elsewhere: what is added to scores. */
function additive(e: Exporter, allowed: Value): Value {
  return e.apply("Where", [allowed, e.number(0), e.number(LOWEST)]);
}

/** 0, 1, 2, ... as int64, one for each token. */
function range(e: Exporter, tokens: Size): Value {
  if (typeof tokens === "number" || !e.dialect.dynamic) {
    const count = typeof tokens === "number" ? tokens : tokens.known;
    return e.ints(...Array.from({ length: count }, (_, i) => i));
  }
  const end = e.apply("Squeeze", [e.vectorOf(tokens), e.ints(0)]);
  return e.apply("Range", [e.integers([], [0]), end, e.integers([], [1])]);
}

/** [1, 1, tokens, tokens]: a token sees itself and those before it. */
export function causalMask(e: Exporter, tokens: Size): Value {
  const places = range(e, tokens);
  const rows = e.apply("Unsqueeze", [places, e.ints(0, 1, 3)]);
  const columns = e.apply("Unsqueeze", [places, e.ints(0, 1, 2)]);
  const all = e.dialect.exporter === "torchscript" ? [truth(e)] : [];
  const seen = e.apply("LessOrEqual", [columns, rows]);
  return additive(
    e,
    all.reduce((mask, one) => e.apply("And", [one, mask]), seen),
  );
}

/** A true, as TorchScript's exporter writes one: new_ones of no size. */
function truth(e: Exporter): Value {
  const value = tensorFromNumbers("bool", [1], Float64Array.of(1));
  return e.apply("ConstantOfShape", [e.ints()], { value: { kind: "tensor", value } });
}

/** [batch, 1, tokens, tokens]: every token sees those that are no padding. */
export function paddingMask(e: Exporter, padding: Value, tokens: Size): Value {
  const flags = e.apply("Unsqueeze", [e.apply("Cast", [padding], { to: 9 }), e.ints(1, 2)]);
  if (e.dialect.exporter === "dynamo") return additive(e, flags);
  const batch = e.size(padding, 0, "batch");
  const sizes = [e.vectorOf(batch), e.ints(1), e.vectorOf(tokens), e.vectorOf(tokens)];
  const shape = e.apply("Concat", sizes, { axis: 0 });
  return additive(e, e.apply("Expand", [e.apply("And", [truth(e), flags]), shape]));
}
