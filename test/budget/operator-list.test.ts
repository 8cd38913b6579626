import { describe, expect, it } from "vitest";
import { isAllowed, parseList, readAllowed } from "../../src/budget/operator-list.js";

const LIST = `# what the device has
!no_ops_specified_means_all_ops_are_required
ai.onnx;12,13;Conv,Relu,Add{"inputs": {"0": ["float"]}},Clip
com.microsoft;1;Gelu
Softmax   # from any version on
ai.onnx::Reshape
`;

describe("parseList", () => {
  it("reads names, and the lists of onnxruntime's reduced builds", () => {
    expect(parseList(LIST, "ops.txt")).toEqual([
      ...["Conv", "Relu", "Add", "Clip"].map((pattern) => ({ pattern, opsets: [12, 13] })),
      { pattern: "com.microsoft::Gelu", opsets: [1] },
      { pattern: "Softmax" },
      { pattern: "Reshape" },
    ]);
  });

  it("refuses a line that lists nothing, with its place", () => {
    const describeError = (text: string): string => {
      try {
        parseList(text, "ops.txt");
        return "taken";
      } catch (error) {
        return error instanceof Error && "describe" in error && typeof error.describe === "function"
          ? error.describe()
          : "no error of ours";
      }
    };
    expect(describeError("Conv\nai.onnx;13")).toMatch(
      /^ops\.txt, line 2: "ai\.onnx;13" lists no operators; /,
    );
    expect(describeError("ai.onnx;new;Conv")).toMatch(/lists no operators/);
  });
});

describe("readAllowed", () => {
  it("reads the files among the names", () => {
    const read = (file: string): string => (file === "ops.txt" ? "Conv\nRelu" : "");
    expect(readAllowed(["Softmax", "@ops.txt"], read)).toEqual(
      ["Softmax", "Conv", "Relu"].map((pattern) => ({ pattern })),
    );
  });
});

describe("isAllowed", () => {
  const allowed = parseList(LIST, "ops.txt");
  it.each([
    // The kernel of opset 11 serves 12 and 13 too, and of opset 22 there is another.
    ["Conv", 11, true],
    ["Conv", 21, true],
    ["Conv", 22, false],
    ["Conv", 10, false],
    ["Softmax", 1, true],
    ["Tanh", 13, false],
    ["com.microsoft::Gelu", 13, true],
    ["com.microsoft::QuickGelu", 13, false],
  ])("%s of opset %i: %s", (operator, version, is) => {
    const opsets = new Map([
      ["", version],
      ["com.microsoft", 1],
    ]);
    expect(isAllowed(operator, { allowed, opsets })).toBe(is);
  });
});
