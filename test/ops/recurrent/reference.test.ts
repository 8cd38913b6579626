import { describe, expect, it } from "vitest";
import { run } from "../../support/reference.js";

describe("recurrent, in float64", () => {
  it("runs an LSTM step: input gate, output gate, forget gate, candidate", () => {
    const sigma = (v: number): number => 1 / (1 + Math.exp(-v));
    const y = run("y = LSTM <hidden_size = 1> (x, w, r)", {
      x: { dims: [2, 1, 1], data: [1, 2] },
      w: { dims: [1, 4, 1], data: [1, 2, 3, 4] },
      r: { dims: [1, 4, 1], data: [0.1, 0.2, 0.3, 0.4] },
    });
    const c1 = sigma(1) * Math.tanh(4);
    const h1 = sigma(2) * Math.tanh(c1);
    const c2 = sigma(6 + 0.3 * h1) * c1 + sigma(2 + 0.1 * h1) * Math.tanh(8 + 0.4 * h1);
    expect(y.dims).toEqual([2, 1, 1, 1]);
    expect(y.data[0]).toBeCloseTo(h1, 7);
    expect(y.data[1]).toBeCloseTo(sigma(4 + 0.2 * h1) * Math.tanh(c2), 7);
  });
});
