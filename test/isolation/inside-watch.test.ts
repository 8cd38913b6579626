import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { InsideWatch } from "../../src/isolation/inside-watch.js";

it("tells the thread what to remove, one record a line, and hears which limit was passed", async () => {
  const [watch, reason] = [new PassThrough(), new PassThrough()];
  const inside = new InsideWatch(watch, reason);
  inside.tell({ add: "a" });
  inside.tell({ remove: "a" });
  expect(String(watch.read())).toBe('{"add":"a"}\n{"remove":"a"}\n');
  expect(inside.passed).toBeUndefined();
  reason.write("mem");
  reason.end("ory");
  await new Promise((resolve) => reason.once("end", resolve));
  expect(inside.passed).toBe("memory");
});
