import { expect, it } from "vitest";
import { defaultLocation, isSubstituteFor, locationsFor } from "../../src/node/data-names.js";

const DIGEST = "0123456789abcdef".repeat(4);

it.each([
  ["net.onnx.data", "net.onnx.01234567.data"],
  ["w.bin", "w.01234567.bin"],
  ["weights", "weights.01234567"],
  ["sub/w.bin", "sub/w.01234567.bin"],
])("%s, and else %s", (wanted, substitute) => {
  const [first, second, ...longer] = locationsFor(wanted, () => DIGEST);
  expect([first, second, longer.length]).toEqual([wanted, substitute, 3]);
  for (const name of [second, ...longer]) {
    expect(isSubstituteFor(name?.replace("sub/", "") ?? "", wanted)).toBe(true);
  }
});

it("takes no other name for one of its own", () => {
  expect(defaultLocation("a/net.onnx")).toBe("net.onnx.data");
  for (const name of [
    "net.onnx.data",
    "net.onnx.v2.data",
    "net.onnx.01234567",
    "net.01234567.data",
    "net.onnx.0123456.data",
  ]) {
    expect(isSubstituteFor(name, "net.onnx.data"), name).toBe(false);
  }
});
