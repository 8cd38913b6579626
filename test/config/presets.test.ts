import { expect, it } from "vitest";
import { PRESETS } from "../../src/config/presets.js";
import { assertConfig } from "../../src/config/validate-config.js";
import { CONFIGURE } from "../../src/options/configure.js";

it("are those that --preset takes, and their options are options", () => {
  expect(Object.keys(PRESETS)).toEqual(CONFIGURE.preset.choices);
  for (const { options } of Object.values(PRESETS)) expect(() => assertConfig({ options })).not.toThrow();
});
