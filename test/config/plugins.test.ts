import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadPlugins } from "../../src/config/plugins.js";

const root = mkdtempSync(join(tmpdir(), "normfold-plugins-"));
afterAll(() => rmSync(root, { recursive: true }));

const PASS = `{ kind: "rules", name: "drop-it", summary: "s", before: "b", after: "a", numerics: "exact", rules: [] }`;

function file(text: string, name = "p.mjs"): string {
  const path = join(mkdtempSync(join(root, "f")), name);
  writeFileSync(path, text);
  return path;
}

describe("loadPlugins", () => {
  it.each([
    [`export default ${PASS};`, "p.mjs"],
    [`export default [${PASS}];`, "p.mjs"],
    [`export default { passes: [${PASS}] };`, "p.mjs"],
    [`const pass: { readonly name: string } = ${PASS};\nexport default pass;`, "p.ts"],
  ])("takes %s", async (text, name) => {
    const passes = await loadPlugins([{ kind: "module", path: file(text, name) }]);
    expect(passes).toMatchObject([{ name: "drop-it" }]);
  });

  it("takes one that a configuration writes out", async () => {
    const path = file(`export default { plugins: ["./other.mjs", ${PASS}] };`);
    expect(await loadPlugins([{ kind: "config", path, index: 1 }])).toMatchObject([{ name: "drop-it" }]);
  });

  it.each([
    ["plugin-is-none", "export const pass = 1;"],
    ["plugin-is-none", "export default 1;"],
    ["plugin-is-none", "export default {};"],
    ["plugin-pass-is-incomplete", 'export default { kind: "rules", name: "x" };'],
    ["plugin-pass-is-incomplete", 'export default [{ kind: "other" }];'],
    ["config-module-fails", "export default ;"],
  ])("refuses with the file: %s", async (id, text) => {
    const path = file(text);
    await expect(loadPlugins([{ kind: "module", path }])).rejects.toMatchObject({
      id,
      code: "usage",
      where: { file: path },
    });
  });

  it("refuses one that is not there", async () => {
    const path = join(root, "gone.ts");
    await expect(loadPlugins([{ kind: "module", path }])).rejects.toMatchObject({
      id: "plugin-is-not-there",
    });
  });
});
