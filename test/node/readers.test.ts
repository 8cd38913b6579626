import { linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { reads } from "../../src/node/readers.js";
import { modelBytes } from "../proto/support.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-readers-"));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

const data = put("w.bin", new Uint8Array(8));
const model = (location: string): Uint8Array =>
  modelBytes({
    initializer: [
      {
        name: "w",
        dims: [2],
        data_type: 1,
        external_data: [{ key: "location", value: location }],
        data_location: 1,
      },
    ],
  });

it("knows a data file under all its names", () => {
  const path = put("m.onnx", model("w.bin"));
  expect(reads(path, data)).toBe(true);
  linkSync(data, join(folder, "hard.bin"));
  symlinkSync(data, join(folder, "soft.bin"));
  expect(["hard.bin", "soft.bin"].map((name) => reads(put("other.onnx", model(name)), data))).toEqual([
    true,
    true,
  ]);
  expect(reads(put("another.onnx", model("x.bin")), data)).toBe(false);
});

it("thinks of a damaged model that it may read what it mentions, and of a text that it does not", () => {
  expect(reads(put("cut.onnx", model("w.bin").slice(0, -1)), data)).toBe(true);
  expect(reads(put("cut-other.onnx", model("v.bin").slice(0, -1)), data)).toBe(false);
  expect(reads(put("README.md", "The weights are in w.bin."), data)).toBe(false);
  expect(reads(join(folder, "none.onnx"), data)).toBe(false);
  expect(reads(folder, data)).toBe(false);
});
