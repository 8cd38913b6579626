import { expect, it } from "vitest";
import { startsRuntime, wantsSupervisor } from "../../src/cli/early.js";

it.each([
  ["optimize m.onnx -o o.onnx", true],
  ["-q check a.onnx b.onnx", true],
  ["optimize m.onnx -o o.onnx --no-check", false],
  ["optimize m.onnx -o o.onnx --isolation none", false],
  ["optimize m.onnx -o o.onnx --isolation=none", false],
  ["optimize --help", false],
  ["inspect m.onnx", false],
  ["train m.onnx", false],
  ["", false],
])("%j starts the process of the runtime early: %s", (line, expected) => {
  expect(startsRuntime(line.split(" "))).toBe(expected);
});

it.each([
  ["train m.onnx -o o.onnx --data d", true],
  ["insert m.onnx", true],
  ["insert --help", false],
  ["train -h", false],
  ["freeze m.onnx -o o.onnx", false],
  ["optimize m.onnx", false],
])("%j runs under a supervisor: %s", (line, expected) => {
  expect(wantsSupervisor(line.split(" "))).toBe(expected);
});
