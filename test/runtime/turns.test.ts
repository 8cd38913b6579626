import { describe, expect, it } from "vitest";
import type { Entrant, Session } from "../../src/runtime/runtime.js";
import { takeTurns } from "../../src/runtime/turns.js";

/** Sessions whose runs take these milliseconds, one after the other and then from the start again, on a clock of their own. */
function field(...times: readonly (readonly number[])[]): {
  entrants: Entrant[];
  clock: () => number;
  log: string;
} {
  let now = 0;
  const state = { log: "" };
  const entrants = times.map((own, index): Entrant => {
    let runs = 0;
    const session = {
      inputs: [],
      outputs: [],
      run: () => Promise.reject(new Error("prepare is asked for")),
      prepare: () => () => {
        now += own[runs++ % own.length] ?? 0;
        state.log += String.fromCharCode(97 + index);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    return { session, feeds: new Map() };
  });
  return {
    entrants,
    clock: () => now,
    get log() {
      return state.log;
    },
  };
}

describe("turns", () => {
  it("go round in both directions, and last as long as is asked for", async () => {
    const all = field([20], [30]);
    expect(await takeTurns(all.entrants, { milliseconds: 100, leastRuns: 1 }, all.clock)).toEqual([
      [20, 20, 20, 20],
      [30, 30, 30, 30],
    ]);
    expect(all.log).toBe("abbaabba");
  });

  it("go on until each model has made the least runs", async () => {
    const all = field([500], [700]);
    const times = await takeTurns(all.entrants, { milliseconds: 1, leastRuns: 3 }, all.clock);
    expect(times.map((own) => own.length)).toEqual([3, 3]);
  });

  it("are bursts for a model of less than ten milliseconds, whose first run finds a cold cache", async () => {
    const all = field([4, 2, 2, 2]);
    expect(await takeTurns(all.entrants, { milliseconds: 10, leastRuns: 1 }, all.clock)).toEqual([[2, 2, 2]]);
  });

  it("run a session that cannot be prepared as it is", async () => {
    let now = 0;
    const session: Session = {
      inputs: [],
      outputs: [],
      run: () => {
        now += 20;
        return Promise.resolve(new Map());
      },
      close: () => Promise.resolve(),
    };
    const entrants = [{ session, feeds: new Map() }];
    expect(await takeTurns(entrants, { milliseconds: 0, leastRuns: 2 }, () => now)).toEqual([[20, 20]]);
  });
});
