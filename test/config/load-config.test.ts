import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.js";

const root = mkdtempSync(join(tmpdir(), "normfold-config-"));
afterAll(() => rmSync(root, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(root, "f")), name);
  writeFileSync(path, text);
  return path;
}

describe("loadConfig", () => {
  it.each([
    ["c.json", '{ "outDir": "out" }'],
    ["c.mjs", 'export default { outDir: "out" };'],
    ["c.mjs", 'export default () => ({ outDir: "out" });'],
    ["c.mjs", 'export default async () => ({ outDir: "out", name: undefined });'],
    ["c.ts", 'interface Of { outDir: string }\nexport default { outDir: "out" } satisfies Of;'],
    // More of TypeScript than types, which Node does not read itself.
    ["c.ts", 'enum Out { Dir = "out" }\nexport default { outDir: Out.Dir };'],
  ])("loads %s", async (name, text) => {
    const path = file(name, text);
    expect(await loadConfig(path)).toMatchObject({ path, config: { outDir: "out" } });
  });

  it("loads again what has changed, when it is told", async () => {
    const path = file("c.mjs", 'export default { outDir: "one" };');
    expect(await loadConfig(path, "1")).toMatchObject({ config: { outDir: "one" } });
    writeFileSync(path, 'export default { outDir: "two" };');
    expect(await loadConfig(path, "2")).toMatchObject({ config: { outDir: "two" } });
  });

  it.each([
    ["json-is-broken", "c.json", "{", /no JSON/],
    ["config-module-fails", "c.mjs", "export default {", /it cannot be loaded: /],
    ["config-module-fails", "c.mjs", 'throw new Error("not today");', /Error: not today/],
    ["config-module-fails", "c.mjs", 'import "no-such-package";', /no-such-package/],
    ["config-module-fails", "c.ts", "export default {", /./],
    ["config-is-no-object", "c.mjs", "export const config = {};", /defineConfig/],
    ["config-is-no-object", "c.json", "[]", /default export/],
  ])("refuses with the file and one line: %s", async (id, name, text, message) => {
    const path = file(name, text);
    const error = { id, code: "usage", message: expect.stringMatching(message), where: { file: path } };
    await expect(loadConfig(path)).rejects.toMatchObject(error);
  });
});
