import { describe, it } from "vitest";
import { checkGradient } from "./support.js";

describe("differentiate", () => {
  it("reduces what was broadcast", async () => {
    await checkGradient("g (float[2,3] a, float[3] b) => (float[2,3] y) { y = Add(a, b) }");
    await checkGradient("g (float[2,1] a, float[4,1,3] b) => (float[4,2,3] y) { y = Add(a, b) }");
    await checkGradient("g (float[1] a, float b) => (float[1] y) { y = Add(a, b) }");
  });
});
