import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findConfig } from "../../src/config/find-config.js";

const root = mkdtempSync(join(tmpdir(), "normfold-config-"));
afterAll(() => rmSync(root, { recursive: true }));

function folder(...files: readonly string[]): string {
  const path = mkdtempSync(join(root, "f"));
  for (const file of files) writeFileSync(join(path, file), "");
  return path;
}

describe("findConfig", () => {
  it.each([".ts", ".mts", ".js", ".mjs", ".json"])("finds normfold.config%s", (ending) => {
    const at = folder(`normfold.config${ending}`, "vite.config.ts", "normfold.config.yaml");
    expect(findConfig(at)).toBe(join(at, `normfold.config${ending}`));
  });

  it("finds none where there is none", () => {
    expect(findConfig(folder("other.config.ts"))).toBeUndefined();
    expect(findConfig(join(root, "nowhere"))).toBeUndefined();
  });

  it("takes one of any name that is given", () => {
    const at = folder("normfold.config.ts", "web.mjs");
    expect(findConfig(at, "web.mjs")).toBe(join(at, "web.mjs"));
  });

  it.each([
    ["several-configs", folder("normfold.config.ts", "normfold.config.json"), undefined],
    ["config-is-not-there", folder(), "gone.ts"],
    ["config-is-not-there", root, "folder.ts/no.ts"],
    ["config-is-of-another-kind", folder("web.yaml"), "web.yaml"],
  ])("refuses: %s", (id, at, given) => {
    expect(() => findConfig(at, given)).toThrow(expect.objectContaining({ id, code: "usage" }));
  });
});
