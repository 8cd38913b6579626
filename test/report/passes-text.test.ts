import { expect, it } from "vitest";
import { gradientsText, passesText } from "../../src/report/passes-text.js";
import { PLAIN } from "../support/style.js";

it("gives each statement of a pass's example a line", () => {
  const text = passesText(
    [
      {
        name: "eliminate-identity",
        summary: "An Identity is read through",
        before: "a = Relu (x)  y = Identity (a)",
        after: "y = Relu (x)",
        numerics: "exact",
        order: { after: { "fold-constants": "it makes them" }, before: { "fuse-gemm": "it takes them" } },
      },
    ],
    PLAIN,
  );
  expect(text).toBe(
    [
      "eliminate-identity  exact",
      "  An Identity is read through",
      "    before  a = Relu (x)",
      "            y = Identity (a)",
      "    after   y = Relu (x)",
      "    order   follows fold-constants: it makes them",
      "    order   precedes fuse-gemm: it takes them",
      "",
    ].join("\n"),
  );
});

it("tells operators with a gradient from those that give none, and from the refused", () => {
  const text = gradientsText(
    [
      { operator: "Add", kind: "gradient" },
      { operator: "Floor", kind: "zero" },
      { operator: "GridSample", kind: "refused", reason: "nobody wrote it" },
    ],
    PLAIN,
  );
  expect(text).toMatch(/^1 operators with a gradient\n {2}Add\n/);
  expect(text).toMatch(/1 that pass none on[^\n]*\n {2}Floor\n/);
  expect(text).toContain("refused\n  GridSample: nobody wrote it\n");
});
