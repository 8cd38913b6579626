import { expect, it } from "vitest";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { SessionSettings } from "../../src/runtime/runtime.js";
import { assertProvider, onSide } from "../../src/runtime/sides.js";
import { bytesOf } from "../support/runtime.js";

it("a side opens models with its settings, beside those that a call gives", async () => {
  const runtime = await defaultRuntime();
  const seen: (SessionSettings | undefined)[] = [];
  const spy = {
    ...runtime,
    open: (...[model, settings]: Parameters<typeof runtime.open>) => {
      seen.push(settings);
      return runtime.open(model, settings);
    },
  };
  const model = bytesOf("g (float[1] x) => (float[1] y) { y = Neg (x) }");
  await (await onSide(spy, { provider: "cpu", level: "basic" }).open(model, { threads: 1 })).close();
  expect(seen).toEqual([{ threads: 1, provider: "cpu", level: "basic" }]);
  expect(onSide(spy, {})).toBe(spy);
  await assertProvider(runtime, undefined);
  await assertProvider(runtime, "cpu");
  await expect(assertProvider(runtime, "tpu")).rejects.toMatchObject({ id: "provider-is-absent" });
});
