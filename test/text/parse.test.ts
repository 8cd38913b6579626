import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { NormfoldError } from "../../src/base/errors.js";
import { modelsEqual } from "../../src/ir/equal.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { decodeModel } from "../../src/proto/decode.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { printModel } from "../../src/text/print.js";
import { randomModel } from "../support/random-model.js";
import { SAMPLES } from "./samples.js";

const WHOLE = { maxElements: Number.POSITIVE_INFINITY };

function body(nodes: string): Model {
  return parseGraph(`g (float[2] x, float[2] z) => (float[2] y) { ${nodes} }`);
}

/** The NormfoldError "invalid" that parsing ends in. */
function fault(text: string, parse: (text: string) => Model = parseGraph): NormfoldError {
  try {
    parse(text);
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid" });
    if (error instanceof NormfoldError) return error;
  }
  throw new Error("the text was accepted");
}

const shared = new URL("../../../shared/models/", import.meta.url);
const files = ((): readonly string[] => {
  try {
    return readdirSync(shared, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".onnx") && statSync(new URL(file, shared)).size < 300_000)
      .sort();
  } catch {
    return [];
  }
})();

describe("parse", () => {
  test("an integer is INT, a point makes FLOAT", () => {
    const node = body("y = Op <a = 1, b = 1.0, c = [1, 2], d = [1.0], e: float = 1, f: ints = []> (x)").graph
      .first;
    expect([..."abcdef"].map((name) => node?.attribute(name)?.kind)).toEqual([
      "int",
      "float",
      "ints",
      "floats",
      "float",
      "ints",
    ]);
  });

  test("INT keeps 64 bits", () => {
    expect(body("y = Op <a = 9223372036854775807> (x)").graph.first?.attribute("a")).toMatchObject({
      value: 9223372036854775807n,
    });
  });

  test("a type without brackets is a scalar, with empty ones of unknown rank", () => {
    const { inputs } = parseGraph("g (float a, float[] b, float[N,?,3] c) => (a) {}").graph;
    expect(inputs.map(({ type }) => type)).toEqual([
      { kind: "tensor", dtype: "float", shape: [] },
      { kind: "tensor", dtype: "float", shape: undefined },
      { kind: "tensor", dtype: "float", shape: ["N", undefined, 3] },
    ]);
  });

  test("constants hold the values written", () => {
    const { graph } =
      parseGraph(`g () => (a) <float[2] a = {0.1, -inf}, int64[1] b = {-5}, float16[2] c = {15360, 49152},
      uint4[3] d = {1, 15, 2}, int4[1] e = {-3}, bool[2] f = {1, 0}, string[1] h = {"hi"}> {}`);
    const read = [...graph.initializers].map(({ tensor }) =>
      tensor?.data.kind === "strings" ? tensor.data.values.length : [...(tensor?.toFloat64() ?? [])],
    );
    expect(read).toEqual([[Math.fround(0.1), -Infinity], [-5], [1, -2], [1, 15, 2], [-3], [1, 0], 1]);
  });

  test("a skipped input is null, however it is written", () => {
    expect(body('y = Op(x, "", z)').graph.first?.inputs[1]).toBeNull();
    expect(body("y = Op(x, , z)").graph.first?.inputs[1]).toBeNull();
    expect(body("y = Op(x,)").graph.first?.inputs).toHaveLength(1);
  });

  test("a body captures the values around it", () => {
    const model = parseModel(SAMPLES["bodies, captures and quoted names"] ?? "");
    const relu = model.graph.first;
    expect(relu?.output(0)?.users.map(({ opType }) => opType)).toEqual(["Add", "Mul"]);
    expect(verify(model)).toEqual([]);
  });

  test("parseGraph takes an opset, and functions behind the graph", () => {
    const model = parseGraph(
      'g (float x) => (float y) { y = F(x) } <domain: ""> F (a) => (b) { b = Relu(a) }',
      {
        opset: 13,
      },
    );
    expect(model.opset()).toBe(13);
    expect(model.functions[0]?.opsetImports).toEqual([{ domain: "", version: 13 }]);
  });

  test("external data stays where it is", () => {
    const { graph } = parseGraph('g () => (w) <float[4] w = ["location": "w.bin", "offset": "64"]> {}');
    const [w] = graph.initializers;
    expect(w?.tensor?.data).toMatchObject({ kind: "missing", external: { location: "w.bin", offset: 64 } });
    expect(() => w?.tensor?.bytes()).toThrow(NormfoldError);
  });
});

describe("faults name their line and column", () => {
  test.each([
    ["g (float x => (y) {}", "token-is-unexpected", 'line 1, column 12: expected "," or ")", found "=>"'],
    [
      "g (float[2] x)\n  => (y) {\n  y = Relu(w)\n}",
      "name-is-not-defined",
      'line 3, column 12: "w" is not defined before this',
    ],
    [
      "g () => (a) <float[3] a = {1, 2}> {}",
      "constant-size-differs",
      "line 1, column 27: 2 elements for float[3], which takes 3",
    ],
    [
      "g () => (a) <float[N] a = {1}> {}",
      "data-needs-sizes",
      "the data of a tensor needs a type with a size for each dimension",
    ],
    ["g () => (a) <uint8[1] a = {256}> {}", "element-does-not-fit", "256 does not fit uint8"],
    [
      "g () => (a) <int64[1] a = {9223372036854775808}> {}",
      "element-does-not-fit",
      "9223372036854775808 does not fit int64",
    ],
    ["g () => (a) <float[1] a = {1e39}> {}", "element-does-not-fit", "1e39 does not fit float"],
    [
      "g () => (a) <float16[1] a = {1.0}> {}",
      "element-is-not-pattern",
      "float16 elements are written as bit patterns, found 1.0",
    ],
    [
      "g () => (a) <float[9] a = {...}> {}",
      "data-was-left-out",
      "print with --max-elements all, or maxElements: Infinity",
    ],
    [
      'g () => (a) <float[1] a = ["offset": "0"]> {}',
      "external-data-needs-location",
      'external data needs a "location"',
    ],
    ["g (float x, float x) => (x) {}", "name-is-defined-twice", '"x" is defined twice'],
    ["g (float x) => (y) { y = Relu(x) y = Relu(x) }", "name-is-defined-twice", '"y" is defined twice'],
    [
      "g (float x) => (y) { y = Op <a = []> (x) }",
      "empty-list-needs-kind",
      "an empty list needs its kind, as in axes: ints = []",
    ],
    [
      "g (float x) => (y) { y = Op <a = [1, 2.0]> (x) }",
      "list-items-are-of-several-kinds",
      "the items of a list are of one kind",
    ],
    [
      "g (float x) => (y) { y = Op <a: ints = 1> (x) }",
      "attribute-value-is-of-other-kind",
      'attribute "a" is declared ints',
    ],
    [
      "g (float x) => (y) { y = Op <a = 1, a = 2> (x) }",
      "attribute-is-given-twice",
      'attribute "a" is given twice',
    ],
    [
      "g (float x) => (y) { y = Op <a: number = 1> (x) }",
      "token-is-unexpected",
      "expected an attribute kind",
    ],
    ["g (float x) => (y) { y = Op <a = @b> (x) }", "reference-needs-kind", "a reference needs its kind"],
    [
      "g (float x) => (y) { y = Op <a = 9223372036854775808> (x) }",
      "integer-is-too-large",
      "does not fit INT",
    ],
    ["g (float x) => (y) { y Op(x) }", "token-is-unexpected", 'expected "=", found "Op"'],
    [
      "g (float x) => (y) { y = Op(x)",
      "token-is-unexpected",
      'expected a node, as in y = Relu(x), or "}", found the end of the text',
    ],
    [
      'g (float x) => (y) { y = Op <a = "open> (x) }',
      "string-is-not-closed",
      "this string has no closing quote",
    ],
    [
      "g (float a/b) => (y) {}",
      "character-cannot-stand-here",
      '"/" cannot stand here; names with such characters are quoted',
    ],
    ["g (flout[2] x) => (y) {}", "token-is-unexpected", 'expected "," or ")", found "["'],
    ["g (opaque(a) x) => (y) {}", "opaque-type-has-name", "write opaque()"],
    ["g () => (a) <float[-1,-1] a = {1}> {}", "data-needs-sizes", "a size for each dimension"],
    [`g (${"seq(".repeat(100_000)}`, "text-is-nested-too-deep", "more than 200 levels of nesting"],
    [
      `g () => () { ${"= If <b = g => () {".repeat(50_000)}`,
      "text-is-nested-too-deep",
      "more than 200 levels of nesting",
    ],
    ["", "token-is-unexpected", "expected the name of a graph, found the end of the text"],
  ])("%.60s", (text, id, message) => {
    const error = fault(text);
    expect(error.id).toBe(id);
    expect(error.describe()).toContain(message);
    expect(error.describe()).toMatch(/^line \d+, column \d+: /);
  });

  test("a model starts with its header", () => {
    expect(fault("g () => () {}", parseModel).message).toContain("expected the model header");
    expect(fault("<opset_import: []> g () => () {}", parseModel).id).toBe("header-has-no-ir-version");
    const colour = fault("<ir_version: 8, colour: 1> g () => () {}", parseModel);
    expect(colour.message).toContain("expected one of ir_version");
  });

  test("no text ends in another error", () => {
    const pieces = [
      "g",
      "(",
      ")",
      "=>",
      "{",
      "}",
      "<",
      ">",
      "[",
      "]",
      "=",
      ",",
      ":",
      "@",
      "?",
      "...",
      "float",
      "x",
    ];
    const more = ["1", "-1.5", "inf", '"q"', '"', "#", "\n", "If", "seq", "ints", "."];
    const token = fc.constantFrom(...pieces, ...more);
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        try {
          parseGraph(`g (float[2] x) => (float[2] y) { y = ${tokens.join(" ")}`);
        } catch (error) {
          expect(error).toBeInstanceOf(NormfoldError);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("texts that ONNX accepts", () => {
  test.each(Object.entries(SAMPLES))("%s: parse, print, parse", (_, text) => {
    const model = parseModel(text);
    const printed = printModel(model, WHOLE);
    expect(modelsEqual(model, parseModel(printed))).toBeUndefined();
    expect(printModel(parseModel(printed), WHOLE)).toBe(printed);
  });
});

describe.skipIf(files.length === 0)("real models (skipped without ../shared/models)", () => {
  test("parse(print(model)) equals the model", () => {
    for (const file of files) {
      const model = decodeModel(memorySource(readFileSync(fileURLToPath(new URL(file, shared)))));
      const printed = printModel(model, WHOLE);
      expect([file, modelsEqual(model, parseModel(printed))]).toEqual([file, undefined]);
    }
  }, 60_000);
});

test("random models: parse(print(model)) equals the model", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const model = randomModel(seed);
      const printed = printModel(model, WHOLE);
      expect(modelsEqual(model, parseModel(printed))).toBeUndefined();
    }),
    { seed: 4, numRuns: 150 },
  );
});
