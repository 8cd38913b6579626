import { describe, expect, it } from "vitest";
import { type Capacity, runScheduled } from "../../src/batch/schedule.js";

/** Runs tasks that end in the order they began, and notes which run together. */
async function together(bytes: readonly number[], capacity: Capacity): Promise<string[]> {
  const running = new Set<number>();
  const seen: string[] = [];
  await runScheduled(bytes, capacity, async (task) => {
    running.add(task);
    seen.push([...running].map((each) => bytes[each]).join("+"));
    await new Promise((resolve) => setImmediate(resolve));
    running.delete(task);
  });
  return seen;
}

describe("runScheduled", () => {
  it("begins with the largest, and runs as many as there are workers", async () => {
    expect(await together([1, 9, 5], { workers: 2, bytes: 100 })).toEqual(["9", "9+5", "5+1"]);
  });

  it("runs together what fits, and alone what is too large", async () => {
    expect(await together([60, 50, 30, 200], { workers: 4, bytes: 100 })).toEqual([
      "200",
      "60",
      "60+30",
      "30+50",
    ]);
  });

  it("runs nothing where there is nothing", async () => {
    expect(await together([], { workers: 0, bytes: 100 })).toEqual([]);
  });

  it("runs every task once", async () => {
    const runs = await together(
      Array.from({ length: 50 }, (_, i) => i % 7),
      { workers: 3, bytes: 10 },
    );
    expect(runs).toHaveLength(50);
  });
});
