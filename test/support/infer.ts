import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { factText, valueNamed } from "./facts.js";

/** Inputs and constants; the node; the expected fact of y (and of z, if there is one). */
export type InferenceCase = readonly [inputs: string, node: string, ...expected: string[]];

function run(opset: number, [inputs, node, ...expected]: InferenceCase): void {
  const [parameters = "", constants = ""] = inputs.split("|");
  const model = parseGraph(`g (${parameters}) => (float[] y) <${constants}> { ${node} }`, { opset });
  // The text needs a declaration of the output, but the test must not depend on it.
  for (const output of model.graph.outputs) output.info = undefined;
  const facts = createFacts(model);
  const names = ["y", "z"].slice(0, expected.length);
  expect(names.map((name) => factText(facts, valueNamed(model, name)))).toEqual(expected);
  expect(facts.conflicts).toEqual([]);
}

/** One test for each case, in an operator set version. */
export function inferenceTable(name: string, opset: number, cases: readonly InferenceCase[]): void {
  describe(`${name}, opset ${opset}`, () => {
    it.each(cases.map((row) => [row[1], row[0], row] as const))("%s of %s", (_node, _inputs, row) => {
      run(opset, row);
    });
  });
}

/** The same for an operator of another domain, whose outputs are y, z, u and v. */
export function domainTable(domain: string, version: number, cases: readonly InferenceCase[]): void {
  describe(`operators of ${domain}`, () => {
    it.each(cases)("%s: %s", (inputs, node, ...expected) => {
      const header = `<ir_version: 8, opset_import: ["" : 17, "${domain}" : ${version}]>`;
      const model = parseModel(`${header} g (${inputs}) => (float[] y) { ${node} }`);
      for (const output of model.graph.outputs) output.info = undefined;
      const facts = createFacts(model);
      const names = ["y", "z", "u", "v"].slice(0, expected.length);
      expect(names.map((name) => factText(facts, valueNamed(model, name)))).toEqual(expected);
      expect(facts.conflicts).toEqual([]);
    });
  });
}
