import { describe, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,5,6] x";

describe("eliminate-dropout", () => {
  const reads = (nodes: string, outputs?: string): string =>
    graphText(X, ["float r = {0.5}", "bool no = {0}", "bool yes = {1}", "bool[1] no1 = {0}"], nodes, outputs);

  it("training_mode false, not given, or skipped", async () => {
    for (const inputs of ["x", "x, r", "x, r, no", 'x, "", no', 'x, r, ""']) {
      await expectRewrite(reads(`d = Dropout (${inputs}) y = Neg (d)`), ["y = Neg(x)"], {
        passes: ["eliminate-dropout", "eliminate-dead"],
      });
    }
  });

  it("training_mode true stays, at random", async () => {
    await expectRefused(reads("d = Dropout <seed = 3> (x, r, yes) y = Neg (d)"), /training form/, {
      passes: ["eliminate-dropout"],
    });
  });

  it("a training_mode that is fed stays", async () => {
    await expectRefused(
      graphText(`${X}, bool t`, ["float r = {0}"], "d = Dropout (x, r, t) y = Neg (d)"),
      "dropout-mode-is-not-constant",
    );
  });

  it("a mask that is read stays; one that is not goes", async () => {
    await expectRefused(graphText(X, [], "d, m = Dropout (x) y = Neg (d)", "y, m"), /mask/);
    await expectRefused(graphText(X, [], "d, m = Dropout (x) y = Neg (d) n = Not (m)", "y, n"), /mask/);
    await expectRewrite(graphText(X, [], "d, m = Dropout (x) y = Neg (d)"), ["y = Neg(x)"]);
  });

  it("before opset 7 only with is_test", async () => {
    const text = (attributes: string): string =>
      graphText(X, [], `d = Dropout ${attributes} (x) y = Neg (d)`);
    await expectRefused(text(""), /is_test = 0/, { opset: 6, runnable: false });
    await expectRewrite(text("<is_test = 1>"), ["y = Neg(x)"], { opset: 6, runnable: false });
  });
});
