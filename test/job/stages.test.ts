import { describe, expect, it } from "vitest";
import { timedStages } from "../../src/job/stages.js";

describe("timedStages", () => {
  it("adds up the times of a stage, in the order in which the stages began", () => {
    const seen: string[] = [];
    const stages = timedStages((text) => seen.push(text));
    stages.enter("read", "reading");
    stages.enter("check", "comparing");
    stages.enter("read", "reading again");
    const time = stages.finish();
    expect(Object.keys(time)).toEqual(["read", "check"]);
    for (const ms of Object.values(time)) expect(ms).toBeGreaterThanOrEqual(0);
    expect(seen).toEqual(["reading", "comparing", "reading again"]);
  });

  it("says when the last has ended", () => {
    let stopped = 0;
    const stages = timedStages(undefined, () => stopped++);
    stages.enter("read", "reading");
    const time = stages.finish();
    expect(stopped).toBe(1);
    expect(stages.finish()).toEqual(time);
  });
});
