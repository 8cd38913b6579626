import { describe, expect, it } from "vitest";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { bytesOf, numbers, SHARED, tensor } from "../support/runtime.js";

const runtime = await defaultRuntime();

describe("onnxruntime", () => {
  it("runs a model and gives its outputs as raw bytes", async () => {
    const session = await runtime.open(
      bytesOf("g (float[N,2] x) => (float[N,2] y, float[N,2] z) { y = Neg(x) z = Abs(x) }"),
    );
    expect(session.inputs).toEqual([{ name: "x", dtype: "float", shape: ["N", 2] }]);
    const feeds = new Map([["x", tensor("float", [1, 2], [1.5, -2])]]);
    const outputs = await session.run(feeds);
    expect(numbers(outputs.get("y"))).toEqual([-1.5, 2]);
    expect(outputs.get("z")?.dims).toEqual([1, 2]);
    expect([...(await session.run(feeds, ["z"])).keys()]).toEqual(["z"]);
    await session.close();
  });

  it.each([
    ["float", [1.5, -2, 0]],
    ["double", [1e-300, -2, 0]],
    ["float16", [0.5, -65504, 2]],
    ["int8", [-128, 0, 127]],
    ["uint8", [0, 200, 255]],
    ["int16", [-300, 0, 300]],
    ["uint16", [0, 300, 65535]],
    ["int32", [-70000, 0, 70000]],
    ["uint32", [0, 1, 4e9]],
    ["int64", [-(2 ** 40), 0, 2 ** 40]],
    ["uint64", [0, 1, 2 ** 40]],
    ["bool", [0, 1, 1]],
  ] as const)("carries %s in and out unchanged", async (dtype, values) => {
    const session = await runtime.open(bytesOf(`g (${dtype}[3] x) => (${dtype}[3] y) { y = Identity(x) }`));
    const outputs = await session.run(new Map([["x", tensor(dtype, [3], values)]]));
    expect(outputs.get("y")?.dtype).toBe(dtype);
    expect(numbers(outputs.get("y"))).toEqual(values);
    await session.close();
  });

  it("carries strings and data at any alignment", async () => {
    const session = await runtime.open(
      bytesOf("g (string[2] s, float[2] x) => (string[2] t, float[2] y) { t = Identity(s) y = Neg(x) }"),
    );
    const shifted = new Uint8Array(9);
    shifted.set(new Uint8Array(Float32Array.of(1, 2).buffer), 1);
    const outputs = await session.run(
      new Map([
        ["s", { dtype: "string", dims: [2], data: ["", "wéd"] }],
        ["x", { dtype: "float", dims: [2], data: shifted.subarray(1) }],
      ]),
    );
    expect(outputs.get("t")?.data).toEqual(["", "wéd"]);
    expect(numbers(outputs.get("y"))).toEqual([-1, -2]);
    await session.close();
  });

  it("runs in WebAssembly, and says which providers there are", async () => {
    const model = bytesOf("g (float[2] x) => (float[2] y) { y = Neg(x) }");
    const session = await runtime.open(model, { provider: "wasm", level: "all" });
    expect(numbers((await session.run(new Map([["x", tensor("float", [2], [1, -2])]]))).get("y"))).toEqual([
      -1, 2,
    ]);
    await session.close();
    await expect(runtime.open(model, { provider: "nowhere" })).rejects.toMatchObject({
      code: "unsupported",
      id: "provider-is-absent",
      message: expect.stringMatching(/no provider "nowhere" here; it has cpu,.* wasm$/),
    });
  });

  it("does not optimize: a division by zero that folding would move stays where it is", async () => {
    const session = await runtime.open(bytesOf("g () => (float[1] y) <float[1] c = {0}> { y = Div(c, c) }"));
    expect(numbers((await session.run(new Map())).get("y"))).toEqual([Number.NaN]);
    await session.close();
  });

  it("opens a model whose Cast to float16 contradicts the runtime's own", async () => {
    const body = "s = Softmax(x)  c = Cast <to = 10> (s)  y = MatMul(c, c)";
    const model = bytesOf(`g (float16[2,2] x) => (float16[2,2] y) { ${body} }`);
    const session = await runtime.open(model);
    const outputs = await session.run(new Map([["x", tensor("float16", [2, 2], [0, 0, 0, 0])]]));
    expect(numbers(outputs.get("y"))).toEqual([0.5, 0.5, 0.5, 0.5]);
    await session.close();
  });

  it("says unsupported for an operator it does not know, in one line", async () => {
    const model = bytesOf("g (float[1] x) => (float[1] y) { y = NoSuchOperator(x) }");
    await expect(runtime.open(model)).rejects.toMatchObject({
      code: "unsupported",
      id: "runtime-lacks-part",
      message: expect.stringMatching(/^onnxruntime cannot load the model: [^\n]*NoSuchOperator[^\n]*$/),
    });
  });

  it.each([
    ["bytes that are no model", { kind: "bytes", bytes: Uint8Array.of(1, 2, 3) } as const],
    ["types that do not fit", bytesOf("g (string[1] x) => (string[1] y) { y = Relu(x) }")],
  ])("says invalid for %s", async (_, model) => {
    await expect(runtime.open(model)).rejects.toMatchObject({ code: "invalid" });
  });

  it("says which input has no data, and why a run failed", async () => {
    const session = await runtime.open(bytesOf("g (float[2,3] x) => (float[M] y) { y = Flatten(x) }"));
    await expect(session.run(new Map())).rejects.toMatchObject({ code: "usage", message: /input "x"/ });
    const wrong = new Map([["x", tensor("float", [2, 4], new Float64Array(8))]]);
    await expect(session.run(wrong)).rejects.toMatchObject({ code: "invalid" });
    const short = new Map([["x", tensor("float", [2, 3], [1, 2])]]);
    await expect(session.run(short)).rejects.toMatchObject({ code: "usage" });
    await session.close();
  });

  it("does not let 4-bit outputs through, which end the process", async () => {
    const session = await runtime.open(
      bytesOf("g (float[2] x) => (int4[2] y) { y = Cast<to: int = 22>(x) }", 21),
    );
    expect(session.outputs).toEqual(
      [{ name: "y", dtype: undefined, shape: [] }].map((p) => ({ ...p, shape: [2] })),
    );
    await expect(session.run(new Map([["x", tensor("float", [2], [1, 2])]]))).rejects.toMatchObject({
      code: "unsupported",
    });
    await session.close();
  });

  it.skipIf(SHARED === undefined)("leaves sequence outputs out and runs the rest", async () => {
    const session = await runtime.open({ kind: "path", path: `${SHARED}/real/squeezenet-sequence-map.onnx` });
    expect(session.outputs.map((port) => port.dtype)).toEqual(["string", undefined]);
    const x = tensor("float", [1, 3, 227, 227], new Float64Array(3 * 227 * 227).fill(0.25));
    expect([...(await session.run(new Map([["data", x]]))).keys()]).toEqual(["classLabel"]);
    await session.close();
  });
});
