import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { NormfoldError } from "../../src/base/errors.js";
import { createRandom, type Random } from "../../src/base/random.js";
import { byteLengthOf, DTYPES } from "../../src/ir/dtype.js";
import { modelsEqual } from "../../src/ir/equal.js";
import type { Value } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { Tensor, tensorFromBytes, tensorFromNumbers } from "../../src/ir/tensor.js";
import { openModelFile, writeModelFile } from "../../src/node/files.js";
import { decodeModel } from "../../src/proto/decode.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { isModelText, openModel } from "../../src/text/open.js";
import { parseModel } from "../../src/text/parse.js";
import { printModel } from "../../src/text/print.js";
import { pick, randomModel } from "../support/random-model.js";

const WHOLE = { maxElements: Number.POSITIVE_INFINITY };
const utf8 = new TextEncoder();

function reopened(text: string): Model {
  return openModel(memorySource(utf8.encode(text)));
}

/** The model as it is after it was written and read, with every stored form that this gives. */
function stored(model: Model): Model {
  return decodeModel(memorySource(encodeToBytes(model)));
}

/** The model is the same after it was printed and read, and so are its bytes. */
function expectRoundTrip(model: Model): void {
  const original = stored(model);
  const text = printModel(original, WHOLE);
  const back = reopened(text);
  expect(modelsEqual(original, back)).toBeUndefined();
  expect(printModel(back, WHOLE)).toBe(text);
  expect(Buffer.from(encodeToBytes(back)).equals(encodeToBytes(stored(back)))).toBe(true);
}

const ODD = [
  "\u001b[31m",
  "a\nb\tc",
  "\u202e",
  '"\\',
  "\u{e0041}",
  "float",
  "nan",
  "undefined",
  "",
  "層",
  "# x",
  "#: y",
];
/** A field of a number that ONNX does not use: 1000, a varint. */
const UNKNOWN = Uint8Array.of(0xc0, 0x3e, 0x07);

/** Puts something on everything that a model can say beside its computation. */
function decorate(model: Model, random: Random): void {
  const text = (): string => pick(random, ODD);
  const sometimes = <T>(value: T): T | undefined => (random.uniform() < 0.4 ? value : undefined);
  const metadata = (): { key: string; value: string }[] =>
    Array.from({ length: random.integer(0, 3) }, () => ({ key: text(), value: text() }));
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.integer(0, 256));
  model.producerName = text();
  model.docString = text();
  model.modelVersion = BigInt(random.integer(0, 1000));
  model.metadata = metadata();
  model.unknown = sometimes(UNKNOWN);
  for (const graph of model.graphs()) {
    graph.docString = text();
    graph.metadata = metadata();
    graph.unknown = sometimes(UNKNOWN);
    for (const dtype of DTYPES) {
      if (dtype === "undefined" || random.uniform() < 0.7) continue;
      const name = graph.freshName(`${dtype} ${text()}`);
      const meta = { name, docString: text() || undefined };
      if (dtype === "string") {
        const values = [bytes(3), utf8.encode(text())];
        graph.addInitializer(name, new Tensor(dtype, [2], { kind: "strings", values }, meta));
      } else if (dtype === "bool") graph.addInitializer(name, tensorFromNumbers(dtype, [2], [0, 1]));
      else {
        const size = random.integer(0, 6);
        graph.addInitializer(name, tensorFromBytes(dtype, [size], packed(dtype, size, bytes), meta));
      }
    }
    const values: Value[] = [...graph.inputs, ...graph.initializers];
    for (const node of graph.nodes()) {
      node.docString = sometimes(text());
      node.metadata = metadata();
      node.unknown = sometimes(UNKNOWN);
      for (const value of node.outputs) if (value !== null) values.push(value);
      if (random.uniform() < 0.3) {
        const indices = tensorFromNumbers("int64", [2], [0, 5]);
        const sparse = { values: tensorFromNumbers("float", [2], [1, Number.NaN]), indices, dims: [3, 4] };
        node.set({
          name: `sparse ${text()}`,
          kind: "sparse_tensor",
          value: sparse,
          docString: sometimes("s"),
        });
        node.set({ name: "sparses", kind: "sparse_tensors", value: [sparse, sparse] });
        node.set({ name: "any bytes", kind: "string", value: bytes(4) });
        node.set({ name: "texts", kind: "strings", value: [bytes(2), utf8.encode(text())] });
        node.set({
          name: "floats",
          kind: "floats",
          value: [Number.NaN, -0, Infinity, 1e-45],
          docString: "d",
        });
        node.set({ name: "type", kind: "type", value: { kind: "sequence", element: undefined } });
        node.set({
          name: "tensor",
          kind: "tensor",
          value: tensorFromBytes("float", [1], bytes(4), { docString: "t" }),
        });
      }
    }
    for (const value of values) {
      if (random.uniform() < 0.5) continue;
      const type = value.type ?? { kind: "tensor", dtype: "undefined", shape: ["N", undefined, 3] };
      value.info = { name: value.name, type, docString: sometimes(text()), metadata: metadata() };
    }
    if (graph === model.graph && values.length > 1) {
      const sparse = {
        values: tensorFromNumbers("int8", [1], [-3]),
        indices: tensorFromNumbers("int64", [1, 2], [1, 2]),
      };
      graph.addSparseInitializer(graph.freshName("sparse constant"), { ...sparse, dims: [2, 3] });
      const parameters = [{ key: "SCALE_TENSOR", value: pick(random, values) }];
      graph.annotations.push({ tensor: pick(random, values), parameters, wire: undefined });
    }
  }
  const [first] = model.graph.outputs;
  // An UpdateBinding: key and value in field 4.
  const name = utf8.encode(first?.name ?? "");
  const entry = [0x0a, name.length, ...name];
  model.trainingInfo = [{ wire: Uint8Array.of(0x22, entry.length, ...entry) }];
}

/** Random bits, with none set beyond the last element. */
function packed(
  dtype: (typeof DTYPES)[number],
  size: number,
  bytes: (length: number) => Uint8Array,
): Uint8Array {
  const data = bytes(byteLengthOf(dtype, size));
  const rest = Math.round((byteLengthOf(dtype, 1000) * 8 * size) / 1000) % 8;
  const last = data.at(-1);
  if (rest !== 0 && last !== undefined) data[data.length - 1] = last & (2 ** rest - 1);
  return data;
}

describe("a printed model", () => {
  it("reads back whole, whatever it holds", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const model = randomModel(seed);
        decorate(model, createRandom(seed));
        expectRoundTrip(model);
      }),
      { seed: 11, numRuns: Number(process.env["NORMFOLD_GRAPHS"] ?? 100) },
    );
  }, 120_000);

  it("keeps functions, with their docs, metadata, and without opset imports", () => {
    const model = parseModel(`<ir_version: 10, opset_import: ["" : 17, "local" : 1]>
      #: model <unknown: "wD4H">
      g (float[2] x) => (float[2] y) { y = local.F <a = 2.0> (x) }
      <domain: "local", opset_import: [], doc_string: "two\\nlines">
      F <a, b: float = 1.0> (x) => (y) <float[2] t> {
        #: graph <metadata_props: ["k" : "v"], unknown: "wD4H">
        #: value t <doc_string: "a value">
        #: node <doc_string: "a node">
        t = Relu(x)
        y = LeakyRelu <alpha: float = @a> (t)
      }`);
    const [fn] = model.functions;
    expect(fn).toMatchObject({
      docString: "two\nlines",
      metadata: [{ key: "k", value: "v" }],
      unknown: UNKNOWN,
    });
    expect(fn?.opsetImports).toEqual([]);
    expect(fn?.body.first).toMatchObject({ docString: "a node" });
    expectRoundTrip(model);
  });

  it("keeps declared types that hold more than the syntax says, and those that differ from a default's", () => {
    const model = parseModel(`<ir_version: 3, opset_import: ["" : 7]>
      g (float[N] w, float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
        #: value x <type: "Ci0ICgEIARIGCgQKAghkCgA=">
        y = Add(w, x)
      }`);
    expect(model.graph.inputs[0]?.type).toMatchObject({ shape: ["N"] });
    expect(model.graph.inputs[0]?.tensor?.dims).toEqual([2]);
    expect(printModel(model)).toContain('#: value x <type: "Ci0ICgEIARIGCgQKAghkCgA=">');
  });

  it("keeps tensors of an element type that this version does not know", () => {
    // TensorProto: dims 3, data_type 99, name "w", raw_data "abc".
    const wire = Uint8Array.of(0x08, 3, 0x10, 99, 0x42, 1, 0x77, 0x4a, 3, 0x61, 0x62, 0x63);
    const model = parseModel('<ir_version: 8, opset_import: ["" : 17]> g () => (w) <float w = {0}> {}');
    const [w] = model.graph.initializers;
    if (w === undefined) return expect.unreachable("no constant");
    const meta = { name: "w", wire: { source: memorySource(wire), offset: 0, length: wire.length } };
    w.tensor = new Tensor("undefined", [3], { kind: "computed", compute: () => new Uint8Array(0) }, meta);
    const text = printModel(stored(model));
    expect(text).toContain("undefined[3] w = {}");
    const bytes = Buffer.from(encodeToBytes(reopened(text)));
    expect(bytes.equals(encodeToBytes(stored(model)))).toBe(true);
    expect(bytes.includes(Buffer.from(wire))).toBe(true);
  });

  it("damaged anywhere ends in one line or a model", () => {
    const text = printModel(stored(randomModel(3)), WHOLE);
    const part = fc.constantFrom(
      "<",
      ">",
      "{",
      "}",
      "#:",
      "nan(",
      "\\",
      '"',
      "9".repeat(30),
      "seq(",
      "?",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(9), part, (at, length, put) => {
        try {
          printModel(reopened(text.slice(0, at) + put + text.slice(at + length)), WHOLE);
        } catch (error) {
          expect(error).toBeInstanceOf(NormfoldError);
          expect(error).not.toMatchObject({ code: "internal" });
        }
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it("keeps the bits of NaN", () => {
    const bits = Uint32Array.of(0x7fc00000, 0xffc00000, 0x7f800001, 0x7fc12345, 0x7f800000);
    const model = parseModel('<ir_version: 8, opset_import: ["" : 17]> g () => (w) <float w = {0}> {}');
    const [w] = model.graph.initializers;
    if (w === undefined) return expect.unreachable("no constant");
    w.tensor = tensorFromBytes("float", [5], new Uint8Array(bits.buffer));
    expect(printModel(model)).toContain('{nan, nan("ffc00000"), nan("7f800001"), nan("7fc12345"), inf}');
    expectRoundTrip(model);
  });

  it("is read by ONNX but for its notes, which are comments there", () => {
    const model = parseModel(
      `<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { y = Relu(x) }`,
    );
    const node = model.graph.first;
    if (node === undefined) return expect.unreachable("no node");
    node.docString = "two\nlines";
    expect(printModel(model)).toContain('  #: node <doc_string: "two\\nlines">\n  y = Relu(x)\n');
  });
});

describe("a text", () => {
  const HEAD = '<ir_version: 8, opset_import: ["" : 17]>';
  const BODY = "g (float[2] x) => (float[2] y)";

  it("is told from a binary model by its content", () => {
    const model = `${HEAD} ${BODY} { y = Relu(x) }`;
    const isText = (text: string): boolean => isModelText(memorySource(utf8.encode(text)));
    for (const text of [
      model,
      `\ufeff${model}`,
      `\n\t # a comment\n${model}`,
      "< # c\n ir_version: 8",
      "<",
    ]) {
      expect(isText(text), text).toBe(true);
    }
    const others = [
      "",
      "g (x) => (y) {}",
      "<!doctype html>",
      "<html>",
      "<?xml?>",
      "\u0008\u0008",
      "version https://git",
    ];
    for (const text of others) expect(isText(text), text).toBe(false);
    expect(isModelText(memorySource(encodeToBytes(parseModel(model))))).toBe(false);
  });

  it.each([
    [
      "data that was left out",
      `${HEAD} ${BODY} <float[99] w = {...}> { y = Relu(x) }`,
      "data-was-left-out",
      /all/,
    ],
    [
      "data that ONNX left out",
      `${HEAD} ${BODY} <int4[2] w = ...> { y = Relu(x) }`,
      "data-was-left-out",
      /all/,
    ],
    [
      "a note about nothing",
      `${HEAD} ${BODY} { #: nothing <a: 1>\n y = Relu(x) }`,
      "token-is-unexpected",
      /graph, node/,
    ],
    [
      "a note without its node",
      `${HEAD} ${BODY} { y = Relu(x)\n #: node <doc_string: "d">\n }`,
      "token-is-unexpected",
      /./,
    ],
    [
      "a note about no value",
      `${HEAD} ${BODY} { #: value q <doc_string: "d">\n y = Relu(x) }`,
      "name-is-not-defined",
      /"q"/,
    ],
    [
      "a note about no attribute",
      `${HEAD} ${BODY} { #: attribute a <doc_string: "d">\n y = Relu(x) }`,
      "noted-attribute-is-not-there",
      /"a"/,
    ],
    ["no base64", `${HEAD}\n#: model <unknown: "?">\n ${BODY} { y = Relu(x) }`, "message-is-not-base64", /./],
    [
      "a sparse constant without sizes",
      `${HEAD} ${BODY} { #: initializer s = float {1} int64 {0}\n}`,
      "sparse-tensor-needs-sizes",
      /./,
    ],
    [
      "a NaN without its bits",
      `${HEAD} ${BODY} <float w = {nan("7")}> { y = Relu(x) }`,
      "nan-is-not-pattern",
      /8/,
    ],
    ["no opset", `<ir_version: 8> ${BODY} { y = Relu(x) }`, "model-imports-no-opset", /./],
    [
      "an old version",
      `<ir_version: 2, opset_import: ["" : 1]> ${BODY} { y = Relu(x) }`,
      "ir-version-is-too-old",
      /./,
    ],
  ])("with %s is refused in one line", (_, text, id, message) => {
    try {
      reopened(text);
    } catch (error) {
      if (!(error instanceof NormfoldError)) throw error;
      expect([error.id, error.code === "internal"]).toEqual([id, false]);
      expect(error.describe()).toMatch(message);
      return;
    }
    expect.unreachable("it was read");
  });

  it("of other bytes than UTF-8 is refused", () => {
    const source = memorySource(Uint8Array.of(...utf8.encode(`# `), 0xff, ...utf8.encode(`\n${HEAD}`)));
    expect(() => openModel(source)).toThrow(expect.objectContaining({ id: "text-is-not-encoded" }));
  });

  describe("in a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "normfold-text-"));
    afterAll(() => rmSync(folder, { recursive: true }));

    it("finds its external data beside it, printed or left out", async () => {
      const model = parseModel(`${HEAD} ${BODY} <float[2] w = {1, 2}> { y = Add(x, w) }`);
      await writeModelFile(model, join(folder, "m.onnx"), {
        externalData: { threshold: 1, location: "m.bin" },
      });
      const opened = openModelFile(join(folder, "m.onnx"));
      const short = printModel(opened, { maxElements: 1 });
      expect(short).toContain('float[2] w = ["location": "m.bin", "offset": "0", "length": "8"]');
      for (const text of [short, printModel(opened)]) {
        writeFileSync(join(folder, "m.txt"), text);
        expect(modelsEqual(opened, openModelFile(join(folder, "m.txt")))).toBeUndefined();
      }
      writeFileSync(join(folder, "lost.txt"), short.replace("m.bin", "n.bin"));
      expect(() => openModelFile(join(folder, "lost.txt"))).toThrow(
        expect.objectContaining({ id: "file-is-not-there" }),
      );
      expect(readFileSync(join(folder, "m.txt"), "utf8")).toContain("{1.0, 2.0}");
    });

    it("is named by its errors, with line and column", () => {
      const path = join(folder, "wrong.txt");
      writeFileSync(path, `${HEAD}\n${BODY} { y = Relu(z) }`);
      expect(() => openModelFile(path)).toThrow(
        expect.objectContaining({ where: { file: path, element: "line 2, column 43" } }),
      );
    });
  });
});
