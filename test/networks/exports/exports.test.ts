import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { optimize } from "../../../src/index.js";
import { verify } from "../../../src/ir/verify.js";
import { encodeToBytes } from "../../../src/proto/encode.js";
import { executedOperators } from "../../support/executed.js";
import { EXPORTS } from "./index.js";

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
/** The nodes executed of the results of other simplifiers: `RECORD=1 npm run bench:executed` writes them. */
const PEERS = (
  read("../../../bench/executed-peers.json") as {
    readonly networks: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  }
).networks;

/** Kernels that onnxruntime makes when it loads a model, though they bear the names of standard operators. */
const NAMED = ["Gelu", "LayerNormalization", "SimplifiedLayerNormalization"];

/** Operators that are fewer in a result, and why that is no loss. */
const FEWER: Readonly<Record<string, string>> = {
  FusedMatMul: "the scale of the scores is in the weights of the queries, and what is left is a MatMul",
  "blocked Conv": "parallel convolutions of one value are one",
  BiasGelu: "the bias is in a Gemm, and what is left is a Gelu",
  FastGelu: "from opset 20 on it is a Gelu",
  LayerNormalization: "it is a SkipLayerNormalization now",
};
/** What must be there for one of these to be fewer. */
const INSTEAD: Readonly<Record<string, string>> = {
  BiasGelu: "Gelu",
  FastGelu: "Gelu",
  LayerNormalization: "SkipLayerNormalization",
};

function fusedIn(operators: readonly string[]): Record<string, number> {
  const fused: Record<string, number> = {};
  for (const name of [...operators].sort()) {
    if (!(name.includes(".") || NAMED.includes(name)) || name.includes("Reorder")) continue;
    const kind = name.replace("com.microsoft.nchwc.", "blocked ").replace("com.microsoft.", "");
    fused[kind] = (fused[kind] ?? 0) + 1;
  }
  return fused;
}

describe("networks as PyTorch's exporters write them", () => {
  it.each(EXPORTS.filter(({ isPinned }) => isPinned))("$name", async ({ name, build }) => {
    const original = build();
    expect([...verify(original)]).toEqual([]);
    const { model, report } = await optimize(original, { check: false });
    const [before, after] = [await executedOperators(original), await executedOperators(model)];
    const [had, has] = [fusedIn(before), fusedIn(after)];
    const fused = Object.entries(has).map(([kind, count]) => `${kind} ${count}`);
    expect([
      `nodes ${report.before.nodes} → ${report.after.nodes}`,
      `executed ${before.length} → ${after.length}`,
      `bytes ${encodeToBytes(original).length} → ${encodeToBytes(model).length}`,
      ...fused,
    ]).toMatchSnapshot();
    expect(after.length, "more operators are executed than before").toBeLessThanOrEqual(before.length);
    for (const [peer, executed] of Object.entries(PEERS[name] ?? {}))
      if (executed !== null) expect(after.length, `${peer} is better`).toBeLessThanOrEqual(executed);
    for (const [kind, count] of Object.entries(had)) {
      const left = has[kind] ?? 0;
      if (left >= count) continue;
      expect(Object.keys(FEWER), `fewer of ${kind}, without a reason`).toContain(kind);
      const other = INSTEAD[kind];
      if (other !== undefined)
        expect((has[other] ?? 0) - (had[other] ?? 0)).toBeGreaterThanOrEqual(count - left);
    }
  });
});
