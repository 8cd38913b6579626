import { describe, expect, it } from "vitest";
import type { Latency } from "../../src/profile/latency.js";
import type { ModelProfile } from "../../src/profile/profile-report.js";
import { type ProfileRun, profileText } from "../../src/report/profile-text.js";
import { expectNarrow } from "../support/cli.js";
import { PLAIN } from "../support/style.js";

const timing = (median: number): Latency["run"] => ({ median, interval: [median * 0.99, median * 1.01] });

function model(milliseconds: number | undefined, operators = 2): ModelProfile {
  return {
    count: {
      multiplyAdds: 7.2e9,
      others: 3000,
      operators: Array.from({ length: operators }, (_, index) => ({
        operator: index === 0 ? "Conv" : `a.very.long.domain.name.that.goes.on::Operator${index}`,
        nodes: 1,
        multiplyAdds: index === 0 ? 7.2e9 : 0,
        others: 3000 / operators,
        parameters: 12,
        bytesWritten: 48,
      })),
      uncounted: [
        { operator: "NonZero", nodes: 2, reason: "size" },
        { operator: "Loop", nodes: 1, reason: "trips" },
        { operator: "Abs", nodes: 1, reason: "size" },
      ],
      atMost: ["NonMaxSuppression"],
    },
    nodes: operators,
    parameters: 12,
    parameterBytes: 48,
    peakMemory: { bytes: 4e6, at: 'Conv "c"', isComplete: false },
    latency:
      milliseconds === undefined
        ? undefined
        : {
            run: timing(milliseconds),
            quartiles: [milliseconds * 0.9, milliseconds * 1.2],
            load: timing(30),
            rounds: 5,
            runs: 99,
          },
    executed:
      milliseconds === undefined
        ? undefined
        : { nodes: 5, operators: { "com.microsoft.nchwc::Conv": 3, "com.microsoft::Gelu": 1, Add: 1 } },
  };
}

function text(models: readonly ModelProfile[], rest: Partial<ProfileRun> = {}): string {
  const files = [
    { path: "a.onnx", bytes: 1000 },
    { path: "b.onnx", bytes: 900 },
  ].slice(0, models.length);
  const inputs = [{ name: "x", dtype: "float" as const, dims: ["N", 3] }];
  const out = profileText({ files, inputs, models, ratio: undefined, run: undefined, ...rest }, PLAIN);
  expectNarrow(out);
  return out;
}

describe("a profile as text", () => {
  it("of one model", () => {
    const out = text([model(2.5)], {
      run: { runtime: "onnxruntime 1.30.0", provider: "cpu", threads: undefined, level: "all" },
    });
    expect(out).toContain("x  float[N,3]");
    expect(out).toMatch(/Conv +1 +7\.2 G +100% +1\.5 k +12 +48 B/);
    expect(out).toContain(
      "latency      2.50 ms (2.48 ms to 2.52 ms)\n             half of 99 runs took 2.25 ms to 3.00 ms",
    );
    expect(out).toContain('peak memory  at least 4.0 MB of values, at Conv "c"');
    expect(out).toContain("not counted, of sizes that only --input-shape or a run tells: 2 NonZero, 1 Abs");
    expect(out).toContain("at most so many operations: NonMaxSuppression");
    expect(out).toContain("executed     5 nodes: 3 nchwc::Conv, 1 Gelu, 1 Add");
    expect(out).toContain("its own number of threads");
  });

  it("that was not measured, with operators that find no room", () => {
    const out = text([model(undefined, 20)]);
    expect(out).not.toMatch(/latency|measured in/);
    expect(out).toMatch(/\n4 others +4 /);
  });

  it("of few rounds claims no more than it knows", () => {
    const few = model(2);
    if (few.latency === undefined) throw new Error("not measured");
    const short = { ...few, latency: { ...few.latency, rounds: 1 } };
    const run = { runtime: "onnxruntime 1.30.0", provider: "cpu", threads: 1, level: "all" } as const;
    expect(text([short], { run })).toMatch(/latency +2\.00 ms\n.*too few to tell/s);
    const ratio = { median: 0.5, interval: [0.5, 0.5] as const };
    expect(text([short, short], { run, ratio })).toMatch(/-50% in 1 round\n/);
  });

  it("that does not repeat says so", () => {
    const run = { runtime: "onnxruntime 1.30.0", provider: "cpu", threads: 1, level: "all" } as const;
    const steady = model(2);
    expect(text([steady], { run })).not.toContain("not certain");
    if (steady.latency === undefined) throw new Error("not measured");
    const latency = { ...steady.latency, run: { median: 2, interval: [1.8, 2.6] as const } };
    expect(text([{ ...steady, latency }], { run })).toContain(
      "not certain: the latency is known to 20% only",
    );
  });

  it("of two models", () => {
    const ratio = { median: 0.8, interval: [0.75, 0.85] as const };
    const faster = text([model(2.5), model(2)], { ratio });
    expect(faster).toMatch(/latency +2\.50 ms +2\.00 ms +-20% \(-25% to -15%\)\n/);
    const same = text([model(2.5), model(2.5, 30)], { ratio: { median: 1.01, interval: [0.97, 1.02] } });
    expect(same).toMatch(/latency .*\+1\.0%, no difference seen\n/);
    expect(same).toContain("and 14 operators more; see --json");
  });
});
