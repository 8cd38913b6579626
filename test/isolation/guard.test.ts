import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { GUARD_BYTES, guardOf } from "../../src/isolation/guard.js";

it("tells which limit a call has passed, and none between calls", async () => {
  const buffer = new SharedArrayBuffer(GUARD_BYTES);
  const [one, other] = [guardOf(buffer), guardOf(buffer)];
  expect(other.passed(1e12)).toBeUndefined();
  one.begin(0.01, 1000);
  expect([other.passed(1000), other.passed(1001)]).toEqual([undefined, "memory"]);
  await sleep(20);
  expect(other.passed(0)).toBe("time");
  one.end();
  expect(other.passed(1e12)).toBeUndefined();
});

it("takes limits without end", () => {
  const guard = guardOf(new SharedArrayBuffer(GUARD_BYTES));
  guard.begin(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  expect(guard.passed(1e15)).toBeUndefined();
});
