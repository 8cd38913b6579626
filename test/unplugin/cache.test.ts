import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cache } from "../../src/unplugin/cache.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "normfold-cache-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

describe("Cache", () => {
  test("has a key for each content and each choice of options", async () => {
    const cache = new Cache(at("a"));
    writeFileSync(at("one"), "ab");
    writeFileSync(at("two"), "c");
    const key = await cache.key([at("one"), at("two")], {});
    expect(await cache.key([at("one"), at("two")], {})).toBe(key);
    writeFileSync(at("one"), "a");
    writeFileSync(at("two"), "bc");
    expect(await cache.key([at("one"), at("two")], {})).not.toBe(key);
    expect(await cache.key([at("one")], {})).not.toBe(await cache.key([at("one")], { skip: ["fuse-gemm"] }));
  });

  test("removes what nobody asked for in a month, and nothing else", () => {
    const old = new Date(Date.now() - 40 * 86_400_000);
    const cache = new Cache(at("b"));
    const [unused, used] = ["0", "1"].map((digit) => new Cache(at("b")).file(digit.repeat(32)));
    for (const file of [unused ?? "", used ?? "", at("b/theirs.onnx")]) {
      writeFileSync(file, "");
      utimesSync(file, old, old);
    }
    expect(cache.touch(used ?? "")).toBe(true);
    cache.file("2".repeat(32));
    expect([unused ?? "", used ?? "", at("b/theirs.onnx")].map(existsSync)).toEqual([false, true, true]);
    expect(cache.touch(unused ?? "")).toBe(false);
  });
});
