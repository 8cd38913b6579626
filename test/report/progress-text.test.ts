import { expect, it } from "vitest";
import { progressText } from "../../src/report/progress-text.js";

it("shows how much is done, how fast, and how long the rest takes", () => {
  expect(progressText("measuring", 120, 480, 4000)).toBe(
    "measuring [####------------] 120/480, 30/s, 12.00 s left",
  );
  expect(progressText("measuring", 480, 480, 4000)).toMatch(/\[#{16}\] 480\/480, 120\/s, 0\.0 ms left$/);
});

it("says no more than is known", () => {
  expect(progressText("reading", 3, undefined, 2000)).toBe("reading 3, 1.5/s");
  expect(progressText("reading", 0, 10, 0)).toBe("reading [----------------] 0/10, 0.0/s");
  expect(progressText("reading", 5, 0, 1000)).toBe("reading 5, 5.0/s");
});
