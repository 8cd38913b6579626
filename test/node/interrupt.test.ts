import { afterEach, expect, it, vi } from "vitest";
import {
  interruptible,
  leaveSignals,
  obey,
  setBusy,
  stopOnSignals,
  whileWaiting,
} from "../../src/node/interrupt.js";

const stop = vi.fn();
const others = process.listeners("SIGINT").length;
const listeners = (): number => process.listeners("SIGINT").length - others;
afterEach(() => {
  stop.mockReset();
});

it("listens to signals only while something is waited for and nothing long is computed", async () => {
  stopOnSignals(stop);
  expect(listeners()).toBe(0);
  await whileWaiting(async () => {
    expect(listeners()).toBe(1);
    setBusy(true);
    expect(listeners()).toBe(0);
    setBusy(false);
    await whileWaiting(() => Promise.resolve());
    expect(listeners()).toBe(1);
    process.emit("SIGTERM", "SIGTERM");
  });
  expect([listeners(), stop.mock.calls]).toEqual([0, [["SIGTERM"]]]);
  await expect(whileWaiting(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(listeners()).toBe(0);
});

it("aborts at the first Ctrl-C and stops at the second", async () => {
  stopOnSignals(stop);
  const result = await interruptible((signal) => {
    expect(signal.aborted).toBe(false);
    process.emit("SIGINT", "SIGINT");
    expect([signal.aborted, stop.mock.calls.length]).toEqual([true, 0]);
    process.emit("SIGINT", "SIGINT");
    expect(stop).toHaveBeenCalledTimes(1);
    return Promise.resolve("done");
  });
  expect([result, listeners()]).toEqual(["done", 0]);
});

it("stops at the first SIGTERM, and at the first Ctrl-C after the work has failed", async () => {
  stopOnSignals(stop);
  await interruptible((signal) => {
    obey("SIGTERM");
    expect([signal.aborted, stop.mock.calls.length]).toEqual([false, 1]);
    return Promise.resolve();
  });
  await expect(interruptible(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  obey("SIGINT");
  expect(stop).toHaveBeenCalledTimes(2);
});

it("tells whoever has the signals whether the first Ctrl-C is gentle", async () => {
  stopOnSignals(stop);
  const told = vi.fn();
  leaveSignals(told);
  await interruptible((signal) => {
    expect([listeners(), told.mock.calls]).toEqual([0, [[true]]]);
    obey("SIGINT");
    expect([signal.aborted, told.mock.lastCall]).toEqual([true, [false]]);
    return Promise.resolve();
  });
  expect(stop).not.toHaveBeenCalled();
});
