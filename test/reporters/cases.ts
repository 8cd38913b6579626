import type { Case } from "../../src/reporters/case.js";

/** One case of each status, with what has a meaning in some format. */
export const CASES: readonly Case[] = [
  {
    name: "models/a.onnx",
    file: "models/a.onnx",
    status: "passed",
    seconds: 0.25,
    findings: [{ severity: "warning", title: "unchecked", message: "100% of a|b <c>\nnext" }],
    figures: [["nodes", "3 -> 2"]],
  },
  {
    name: "b,c:d.onnx",
    file: "b,c:d.onnx",
    status: "failed",
    seconds: 1,
    findings: [
      { severity: "error", title: "budget", message: 'nodes: wanted "2" & got 3\u0001' },
      { severity: "error", title: "budget", message: "second" },
    ],
    figures: [["file size", "1 kB -> not written"]],
  },
  {
    name: "standard input",
    file: undefined,
    status: "error",
    seconds: 0,
    findings: [{ severity: "error", title: "no-such-file", message: "there is none" }],
    figures: [],
  },
];
