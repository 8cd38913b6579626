import { onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { equalBytes, memorySource } from "../../src/base/bytes.js";
import { Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { encodeModel, encodeToBytes } from "../../src/proto/encode.js";
import { decode, encode, failure, joined, type Message, modelBytes } from "./support.js";

describe("external data", () => {
  const file = Uint8Array.from({ length: 100 }, (_, i) => i);
  const files = { open: () => memorySource(file) };
  const external = (entries: Record<string, string>, name = "w"): Message => ({
    name,
    dims: [2],
    data_type: 1,
    external_data: Object.entries(entries).map(([key, value]) => ({ key, value })),
    data_location: 1,
  });
  const bytes = modelBytes({ initializer: [external({ location: "w.bin", offset: "12", length: "8" })] });

  it("is read from its place and written as it was", () => {
    const model = decode(bytes, { external: files });
    const [value] = model.graph.initializers;
    expect(value?.tensor?.bytes()).toEqual(file.slice(12, 20));
    expect(equalBytes(encode(model), bytes)).toBe(true);
  });

  it("is taken into the model on request, all else kept", () => {
    const { graph } = onnx.ModelProto.decode(encodeToBytes(decode(bytes, { external: files })));
    const [tensor] = graph?.initializer ?? [];
    expect([...(tensor?.rawData ?? [])]).toEqual([...file.slice(12, 20)]);
    expect(tensor?.externalData).toEqual([]);
    expect(tensor?.name).toBe("w");
  });

  it("moves into a file of its own, shared elements once, big tensors on a page", () => {
    const model = decode(bytes, { external: files });
    const shared = tensorFromNumbers("double", [100], new Float64Array(100).fill(1));
    model.graph.addInitializer("a", shared);
    model.graph.addInitializer("b", shared);
    const huge = new Tensor("uint8", [2 ** 20], {
      kind: "computed",
      compute: () => new Uint8Array(2 ** 20).fill(7),
    });
    model.graph.addInitializer("huge", huge);
    const encoded = encodeModel(model, { externalData: { location: "m.data", threshold: 100 } });
    const data = joined(encoded.external ?? encoded);
    const { graph } = onnx.ModelProto.decode(joined(encoded));
    const entries = graph?.initializer?.map(({ name, externalData }) => [
      name,
      ...(externalData ?? []).map(({ value }) => value),
    ]);
    expect(entries).toEqual([
      ["w"],
      ["a", "m.data", "0", "800"],
      ["b", "m.data", "0", "800"],
      ["huge", "m.data", "4096", "1048576"],
    ]);
    expect(data.length).toBe(4096 + 2 ** 20);
    expect(data[4096]).toBe(7);
    const again = decode(joined(encoded), { external: { open: () => memorySource(data) } });
    expect([...again.graph.initializers].map((value) => value.tensor?.bytes().length)).toEqual([
      8,
      800,
      800,
      2 ** 20,
    ]);
  });

  it("is missing where it is not given, and an error where it should be there", () => {
    const model = decode(bytes);
    const [value] = model.graph.initializers;
    expect(value?.tensor?.data.kind).toBe("missing");
    expect(value?.tensor?.dims).toEqual([2]);
    expect(failure(() => value?.tensor?.bytes())).toMatchObject({
      id: "external-file-is-not-given",
      message: expect.stringContaining("w.bin"),
    });
    expect(equalBytes(encode(model), bytes)).toBe(true);
  });

  it.each([
    [{ location: "w.bin", offset: "96" }, "external-file-is-too-short", /byte 104 of "w.bin", which has 100/],
    [{ location: "w.bin", offset: "-1" }, "external-number-is-malformed", /offset "-1"/],
    [{ location: "w.bin", offset: "1e3" }, "external-number-is-malformed", /offset "1e3"/],
    [{ location: "w.bin", length: "4" }, "external-length-differs", /4 bytes long, but the dims need 8/],
    [{ location: "w.bin", offset: "99999999999999999999" }, "external-number-is-malformed", /9{20}/],
    [{ offset: "0" }, "external-location-is-missing", /location/],
  ])("refuses %j", (entries, id, message) => {
    const error = failure(() =>
      decode(modelBytes({ initializer: [external(entries)] }), { external: files, file: "m.onnx" }),
    );
    expect(error.id).toBe(id);
    expect(error.message).toMatch(message);
    expect(error.describe()).toContain('m.onnx, tensor "w"');
  });
});
