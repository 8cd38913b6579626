import { describe, expect, it } from "vitest";
import { measureLatency } from "../../src/profile/latency.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { Runtime, Session, SessionSettings } from "../../src/runtime/runtime.js";
import { bytesOf, tensor } from "../support/runtime.js";

const model = bytesOf("g (float[N] x) => (float[N] y) { y = Add(x, x) }");
const feeds = new Map([["x", tensor("float", [2], [1, 2])]]);

/** A runtime that measures by itself: each round gives the times that are said. */
function measuring(rounds: readonly (readonly number[])[], log: string[] = []): Runtime {
  let round = -1;
  return {
    name: "measuring",
    version: "1",
    open: (opened, settings: SessionSettings = {}) => {
      log.push(`open ${opened.kind === "path" ? opened.path : ""} ${JSON.stringify(settings)}`);
      const session: Session = {
        inputs: [],
        outputs: [],
        openedIn: 7,
        run: () => Promise.resolve(new Map()),
        close: () => {
          log.push("close");
          return Promise.resolve();
        },
      };
      return Promise.resolve(session);
    },
    race: (entrants, { milliseconds }) => {
      // The warm-up is the shorter one.
      if (milliseconds >= 100) round++;
      const times = rounds[round % rounds.length] ?? [];
      return Promise.resolve(entrants.map((_, index) => [times[index] ?? 0, times[index] ?? 0]));
    },
  };
}

describe("latency", () => {
  it("ends as soon as the medians are known, and opens a session for each round", async () => {
    const log: string[] = [];
    const subjects = ["a", "b"].map((path) => ({ model: { kind: "path", path } as const, feeds }));
    const runtime = measuring([[10, 10]], log);
    const report = await measureLatency(runtime, subjects, { threads: 1, provider: "cpu" });
    const each = {
      run: { median: 10, interval: [10, 10] },
      quartiles: [10, 10],
      load: { median: 7, interval: [7, 7] },
      rounds: 5,
      runs: 10,
    };
    expect(report).toEqual({ models: [each, each], ratios: [{ median: 1, interval: [1, 1] }] });
    expect(log[0]).toBe('open a {"optimize":true,"level":"all","threads":1,"provider":"cpu"}');
    expect(log.filter((line) => line === "close")).toHaveLength(10);
  });

  it("compares round by round, and lays no model beside another's times when their order turns", async () => {
    const subjects = ["a", "b"].map((path) => ({ model: { kind: "path", path } as const, feeds }));
    // Rounds of odd number open the second model first, and the runtime answers in the order of the sessions.
    const { models, ratios } = await measureLatency(
      measuring([
        [10, 5],
        [5, 10],
      ]),
      subjects,
    );
    expect(models.map(({ run }) => run.median)).toEqual([10, 5]);
    expect(ratios).toEqual([{ median: 0.5, interval: [0.5, 0.5] }]);
  });

  it("prefers rounds to runs where a run takes long", async () => {
    const least: number[] = [];
    const slow = measuring([[400]]);
    const subject = { model: { kind: "path", path: "a" } as const, feeds };
    const race: Runtime["race"] = (entrants, span) => {
      least.push(span.leastRuns);
      return Promise.resolve(entrants.map(() => [400]));
    };
    await measureLatency({ ...slow, race }, [subject], { seconds: 0 });
    expect(least).toEqual([1, 1]);
  });

  it("goes on while rounds disagree, to a limit", async () => {
    const subject = { model: { kind: "path", path: "a" } as const, feeds };
    const { models } = await measureLatency(measuring([[10], [12], [11], [14]]), [subject]);
    expect(models[0]).toMatchObject({ rounds: 25, run: { median: 11 } });
    expect((await measureLatency(measuring([[10], [12]]), [subject], { seconds: 0 })).models[0]?.rounds).toBe(
      1,
    );
  });

  it("of a real model is longer than nothing, in onnxruntime's process", async () => {
    const { models, ratios } = await measureLatency(await defaultRuntime(), [{ model, feeds }], {
      seconds: 0,
    });
    expect(models[0]?.run.median).toBeGreaterThan(0);
    expect(models[0]?.load.median).toBeGreaterThan(0);
    expect(ratios).toEqual([]);
  });
});
