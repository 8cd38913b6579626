import { describe, expect, it } from "vitest";
import { executedOperators } from "../support/executed.js";
import { rewrite } from "../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../support/text.js";

/** A scale that the Conv behind takes, and a shift that the padding keeps from it. */
const network = (front: string): string =>
  graphText(
    "float[1,16,9,9] x",
    [constant("V", [16, 16, 3, 3]), constant("W", [16, 16, 3, 3]), normalization("bn", 16)],
    `${front} ${normalize("b", "f", "bn")} r = Relu (b) y = Conv <pads = [1, 1, 1, 1]> (r, W)`,
  );

describe("a BatchNormalization between Convs", () => {
  const behindConv = network("c = Conv (x, V) e = Relu (c) f = MaxPool <kernel_shape = [2, 2]> (e)");

  it("stays one where onnxruntime would have to leave its blocked layout for the half of it", async () => {
    const { model } = await rewrite(behindConv);
    expect([...model.nodes()].map(({ opType }) => opType)).toContain("BatchNormalization");
    const other = await rewrite(behindConv, { target: "any" });
    expect([...other.model.nodes()].map(({ opType }) => opType)).toContain("Add");
    const [kept, halved] = [await executedOperators(model), await executedOperators(other.model)];
    expect(kept.length).toBeLessThan(halved.length);
  });

  it.each([
    ["an input", "f = Relu (x)"],
    ["an operator that leaves the layout", "c = Conv (x, V) f = Exp (c)"],
  ])("gives its scale away behind %s", async (_, front) => {
    const { model } = await rewrite(network(front));
    expect([...model.nodes()].map(({ opType }) => opType)).not.toContain("BatchNormalization");
  });
});
