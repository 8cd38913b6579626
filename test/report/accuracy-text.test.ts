import { expect, it } from "vitest";
import { accuracyText } from "../../src/report/accuracy-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { PLAIN } from "../support/style.js";

const distance = (rms: number) => ({ rms, max: 2 * rms });

it("shows the distances of each output, and nothing where there is none", () => {
  const lines = accuracyText(
    {
      refused: undefined,
      sets: [
        {
          name: "set 0",
          outputs: [
            { name: "/long/".repeat(30), magnitude: 1, original: distance(1.5e-7), result: distance(2e-8) },
          ],
        },
        { name: "set 1", outputs: [{ name: "y", magnitude: 1, original: distance(0), result: undefined }] },
      ],
    },
    PLAIN,
  );
  expect(lines).toHaveLength(4);
  expect(lines[2]).toMatch(/^ {2}set 0 .* 1\.5e-7 +2\.0e-8$/);
  expect(lines[3]).toMatch(/^ {2}set 1 +y +0 *$/);
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
});

it("says in words that there was no evaluation", () => {
  const text = accuracyText({ refused: "Foo has no reference", sets: [] }, PLAIN).join("\n");
  expect(text).toBe("float64  not evaluated: Foo has no reference");
});
