import { existsSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { isolatedRuntime, runtimePeak } from "../../src/isolation/isolated-runtime.js";
import { spawnRuntime, stopRuntime } from "../../src/isolation/spawn.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { bytesOf, numbers, tensor } from "../support/runtime.js";

const LIMITS = { timeout: 60, memory: 2 ** 32 };
const DOUBLE = bytesOf("g (float[N] x) => (float[N] y) { y = Add(x, x) }");
const FOREVER = bytesOf(`g (float[2] x) => (float[2] y) <bool on = {1}> {
  y = Loop("", on, x) <body = b (int64 i, bool c, float[2] s) => (bool d, float[2] t) { d = Identity(c)  t = Add(s, s) }> }`);
/** onnxruntime 1.30 reads a null pointer where a training output has no name. */
const CRASHING = bytesOf(
  `g (float[4,2,1,1] x) => (float[4,2,1,1] y) <float[2] s = {1,2}, float[2] b = {0,0}, float[2] m = {0,0}, float[2] v = {1,1}> {
  y, "", "" = BatchNormalization <training_mode = 1> (x, s, b, m, v) }`,
  15,
);
const GROWING = bytesOf(`g (float[N] x) => (float[M] y) {
  ${Array.from({ length: 24 }, (_, i) => `k${i} = Concat <axis = 0> (${i === 0 ? "x, x" : `k${i - 1}, k${i - 1}`})`).join("\n")}
  y = Neg(k23) }`);

afterAll(stopRuntime);

describe("onnxruntime in a process of its own", () => {
  it("starts another process where the first ended before anybody listened", async () => {
    spawnRuntime();
    await stopRuntime();
    expect(await isolatedRuntime(LIMITS)).toMatchObject({ name: "onnxruntime" });
  });

  it("opens by bytes, runs, gives strings and errors as in this process", async () => {
    const runtime = await isolatedRuntime(LIMITS);
    expect(runtime).toMatchObject({ name: "onnxruntime", version: expect.stringMatching(/^\d+\.\d+/) });
    const session = await runtime.open(DOUBLE);
    expect(session.inputs).toEqual([{ name: "x", dtype: "float", shape: ["N"] }]);
    const feeds = new Map([
      ["x", tensor("float", [2], [1, -2])],
      ["none", tensor("float", [1], [3])],
    ]);
    expect(numbers((await session.run(feeds)).get("y"))).toEqual([2, -4]);
    await expect(session.run(new Map())).rejects.toMatchObject({ code: "usage", id: "input-is-not-fed" });
    await session.close();
    const strings = await runtime.open(bytesOf("g (string[N] x) => (string[N] y) { y = Identity(x) }"));
    const words: RuntimeTensor = { dtype: "string", dims: [2], data: ["a", ""] };
    expect((await strings.run(new Map([["x", words]]))).get("y")).toEqual(words);
    await strings.close();
    expect(await runtimePeak()).toBeGreaterThan(2 ** 24);
    await expect(
      runtime.open(bytesOf("g (float[1] x) => (float[1] y) { y = Nope(x) }")),
    ).rejects.toMatchObject({
      id: "runtime-lacks-part",
    });
    await expect(runtime.open({ kind: "path", path: "nowhere.onnx" })).rejects.toMatchObject({
      code: "invalid",
    });
  });

  it("measures sessions where they are, with feeds that both share", async () => {
    const runtime = await isolatedRuntime(LIMITS);
    const sessions = [
      await runtime.open(DOUBLE, { optimize: true, level: "all" }),
      await runtime.open(DOUBLE),
    ];
    const feeds = new Map([["x", tensor("float", [20_000], new Array<number>(20_000).fill(1))]]);
    const entrants = sessions.map((session) => ({ session, feeds }));
    const times = await runtime.race?.(entrants, { milliseconds: 1, leastRuns: 2 });
    expect(times?.map((own) => own.length >= 2 && own.every((time) => time > 0))).toEqual([true, true]);
    expect(sessions[0]?.openedIn).toBeGreaterThan(0);
    for (const session of sessions) await session.close();
    const alien = {
      inputs: [],
      outputs: [],
      run: () => Promise.reject(new Error()),
      close: () => Promise.resolve(),
    };
    await expect(
      runtime.race?.([{ session: alien, feeds }], { milliseconds: 1, leastRuns: 1 }),
    ).rejects.toMatchObject({ id: "session-is-of-another" });
  });

  it("says that a model crashes it, and opens the sessions of others again", async () => {
    const runtime = await isolatedRuntime(LIMITS);
    const session = await runtime.open(DOUBLE);
    const bad = await runtime.open(CRASHING);
    const x: RuntimeTensor = { dtype: "float", dims: [4, 2, 1, 1], data: new Uint8Array(32) };
    const [crash, other] = await Promise.allSettled([
      bad.run(new Map([["x", x]])),
      session.run(new Map([["x", tensor("float", [1], [3])]])),
    ]);
    expect(crash).toMatchObject({
      reason: {
        code: "unsupported",
        id: "runtime-crashes",
        message: expect.stringMatching(/^onnxruntime cannot run the model: it crashes \(SIG\w+.*\)$/),
      },
    });
    expect(other.status === "fulfilled" ? numbers(other.value.get("y")) : other.reason).toEqual([6]);
    await bad.close();
    await session.close();
  });

  it("ends a call that takes too long or too much", async () => {
    const slow = await (await isolatedRuntime({ ...LIMITS, timeout: 0.3 })).open(FOREVER);
    await expect(slow.run(new Map([["x", tensor("float", [2], [1, 1])]]))).rejects.toMatchObject({
      id: "runtime-takes-too-long",
      message: "onnxruntime cannot run the model within 0.3 seconds; --timeout gives it more",
    });
    const large = await (await isolatedRuntime({ ...LIMITS, memory: 300 * 2 ** 20 })).open(GROWING);
    await expect(
      large.run(new Map([["x", tensor("float", [8], [1, 2, 3, 4, 5, 6, 7, 8])]])),
    ).rejects.toMatchObject({
      id: "runtime-takes-too-much",
      message: "onnxruntime cannot run the model within 300 MiB of memory; --memory-limit gives it more",
    });
  });

  it("has its program beside the package", () => {
    expect(existsSync("dist/isolation/child.cjs"), "npm run build").toBe(true);
  });
});
