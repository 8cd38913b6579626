import { expect, it } from "vitest";
import { ensembleText } from "../../src/report/ensemble-text.js";
import { PLAIN } from "../support/style.js";

const run = {
  inputs: [
    { path: "a.onnx", bytes: 1 },
    { path: "b.onnx", bytes: 2 },
  ],
  output: { path: "mean.onnx", bytes: 1500 },
  nodes: 1,
};

it("names the members, and says nothing of a proof that was not made", () => {
  expect(ensembleText(run, PLAIN)).toBe(
    "mean.onnx (1.5 kB), 1 node\n  the mean of 2 models: a.onnx, b.onnx\n",
  );
});

it("says how far the proof found it from the members' mean", () => {
  const text = ensembleText({ ...run, proof: { difference: 1.25e-7 } }, PLAIN);
  expect(text).toMatch(/equal to the members' own mean in onnxruntime: at most 1\.[23]e-7 off\n$/);
});
