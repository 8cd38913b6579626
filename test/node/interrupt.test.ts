import { afterEach, expect, it, vi } from "vitest";
import { interruptible } from "../../src/node/interrupt.js";

const own = vi.fn();
const others = process.listeners("SIGINT");
afterEach(() => {
  own.mockReset();
  process.removeAllListeners("SIGINT");
  for (const listener of others) process.on("SIGINT", listener);
});

it("aborts at the first Ctrl-C; the second one goes to the former listeners", async () => {
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", own);
  const result = await interruptible((signal) => {
    expect(signal.aborted).toBe(false);
    process.emit("SIGINT");
    expect([signal.aborted, own.mock.calls.length]).toEqual([true, 0]);
    process.emit("SIGINT");
    expect(own).toHaveBeenCalledTimes(1);
    return Promise.resolve("done");
  });
  expect(result).toBe("done");
  expect(process.listeners("SIGINT")).toEqual([own]);
});

it("leaves the listeners as they were, also after an error", async () => {
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", own);
  await expect(interruptible(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(process.listeners("SIGINT")).toEqual([own]);
  process.emit("SIGINT");
  expect(own).toHaveBeenCalledTimes(1);
});
