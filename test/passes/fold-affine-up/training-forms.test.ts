import { describe, it } from "vitest";
import { expectKept } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

describe("training forms", () => {
  const training = (outputs: string, attributes: string): string =>
    graphText(X, [W, bn], `c = Conv (x, W) ${normalize(outputs, "c", "bn", attributes)}`);

  it("opset 15, training_mode = 1, three outputs", async () => {
    await expectKept(training("y, m, v", "<training_mode = 1>"), /training_mode = 1/, {
      opset: 15,
      runnable: "maybe",
    });
  });

  it("opset 15, training_mode = 1, one output", async () => {
    await expectKept(training("y", "<training_mode = 1>"), /training_mode = 1/, {
      opset: 15,
      runnable: "maybe",
    });
  });

  it("opset 9 with five outputs", async () => {
    await expectKept(training("y, m, v, sm, sv", ""), /statistics outputs/, { opset: 9, runnable: "maybe" });
  });

  it("opset 7 with spatial = 0", async () => {
    await expectKept(
      graphText(
        X,
        [
          W,
          ...["gamma", "beta", "mean", "var"].map((role) =>
            constant(`p_${role}`, [5, 5, 5], { low: 0.5, high: 2 }),
          ),
        ],
        `c = Conv (x, W) ${normalize("y", "c", "p", "<spatial = 0>")}`,
      ),
      /spatial = 0|four vectors/,
      { opset: 7, runnable: "maybe" },
    );
  });

  it("opset 7 with spatial = 0 and vectors", async () => {
    await expectKept(
      graphText(
        "float[N,3,1,1] x",
        [constant("W", [5, 3, 1, 1]), bn],
        `c = Conv (x, W) ${normalize("y", "c", "bn", "<spatial = 0>")}`,
      ),
      /spatial = 0/,
      { opset: 7, runnable: "maybe" },
    );
  });
});
