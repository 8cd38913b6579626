import { describe, expect, it } from "vitest";
import { probeFeeds } from "../../src/runtime/feeds.js";
import { describeInputs } from "../../src/runtime/inputs.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { bytesOf, modelOf, numbers, readModel, SHARED } from "../support/runtime.js";

const runtime = await defaultRuntime();

async function probe(text: string, shapes?: Record<string, number[]>) {
  const session = await runtime.open(bytesOf(text));
  try {
    return await probeFeeds(session, describeInputs(modelOf(text)), {
      seed: 3,
      ...(shapes === undefined ? {} : { shapes }),
    });
  } finally {
    await session.close();
  }
}

const CONV = `g (float[N,C,H,W] x) => (float[N,4,P,Q] y) <float[4,5,3,3] W = {${Array(180).fill("0.1")}}> {
  y = Conv(x, W)
}`;

describe("probeFeeds", () => {
  it("takes the channels from the weights, two batches, and an image that is not square", async () => {
    const dims = (await probe(CONV)).map(({ set }) => set.feeds.get("x")?.dims);
    expect(dims).toEqual([
      [1, 5, 32, 32],
      [3, 5, 64, 96],
    ]);
  });

  it("takes one set where a run takes long, and no larger sizes that would make it long", async () => {
    const session = await runtime.open(bytesOf(CONV));
    const dims = async (long: (batch: number) => boolean): Promise<unknown> => {
      const operations = (sizes: ReadonlyMap<string, readonly number[]>): number =>
        long(sizes.get("x")?.[0] ?? 0) ? 2 ** 36 : 1;
      const probes = await probeFeeds(session, describeInputs(modelOf(CONV)), { seed: 3, operations });
      return probes.map(({ set }) => set.feeds.get("x")?.dims);
    };
    expect(await dims(() => true)).toEqual([[1, 5, 32, 32]]);
    expect(await dims((batch) => batch > 1)).toEqual([
      [1, 5, 32, 32],
      [1, 5, 64, 96],
    ]);
    await session.close();
  });

  it("draws negative numbers, and in the second set large ones and zeros", async () => {
    const [first, second] = await probe(CONV);
    const [small, large] = [numbers(first?.set.feeds.get("x")), numbers(second?.set.feeds.get("x"))];
    const negative = small.filter((x) => x < 0).length / small.length;
    expect(negative).toBeGreaterThan(0.45);
    expect(negative).toBeLessThan(0.55);
    expect(small).not.toContain(0);
    expect(large.filter((x) => x === 0).length / large.length).toBeCloseTo(0.1, 1);
    expect(Math.max(...large)).toBeGreaterThan(25);
  });

  it("gives the same data for the same seed", async () => {
    const [a, b] = [await probe(CONV), await probe(CONV)];
    expect(a[0]?.set.feeds.get("x")?.data).toEqual(b[0]?.set.feeds.get("x")?.data);
  });

  it("gives one symbol one size, and tries sizes until the model runs", async () => {
    const [first] =
      await probe(`g (float[1,T] a, float[T,2] b) => (float[1,2] y) <float[1,64] w = {${Array(64).fill("1")}}> {
      s = Mul(a, w)
      y = MatMul(s, b)
    }`);
    expect(first?.set.feeds.get("a")?.dims).toEqual([1, 64]);
    expect(first?.set.feeds.get("b")?.dims).toEqual([64, 2]);
  });

  it("keeps indices inside the table, and variances positive", async () => {
    const text = `g (int64[N,7] ids, float[3] v, float[1,3,2] x) => (float[N,7,2] e, float[1,3,2] y)
      <float[6,2] table = {${Array(12).fill("1")}}, float[3] one = {1, 1, 1}> {
      c = Cast<to: int = 6>(ids)
      e = Gather(table, c)
      y = BatchNormalization(x, one, one, one, v)
    }`;
    const [, second] = await probe(text);
    const ids = numbers(second?.set.feeds.get("ids"));
    expect(Math.min(...ids)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...ids)).toBeLessThan(6);
    expect(Math.min(...numbers(second?.set.feeds.get("v")))).toBeGreaterThan(0);
  });

  it("takes the given sizes, and names their faults", async () => {
    const sets = await probe(CONV, { x: [2, 5, 9, 11] });
    expect(sets.map(({ set }) => set.feeds.get("x")?.dims)).toEqual([
      [2, 5, 9, 11],
      [2, 5, 9, 11],
    ]);
    await expect(probe(CONV, { z: [1] })).rejects.toMatchObject({
      code: "usage",
      message: /no input "z".*are x/,
    });
    await expect(probe(CONV, { x: [1, 5] })).rejects.toMatchObject({
      code: "usage",
      message: /4 axes, not 2/,
    });
  });

  it("gives up with the runtime's reason", async () => {
    const text = `g (float[2,3] x, int64[1] s) => (float[M] y) <int64[1] a = {7}> { t = Add(s, a) u = Mul(t, a) y = Reshape(x, u) }`;
    await expect(probe(text)).rejects.toMatchObject({ message: /Reshape/ });
  });

  it("does not feed half-precision models numbers that overflow", async () => {
    const [, second] = await probe(
      `g (float16[8] x) => (float16[8] y) <float c = {8192}> {
        h = Cast<to: int = 10>(c)
        y = Mul(x, h)
      }`,
    );
    expect(second?.set.name).toBe("normal with zeros");
    expect(numbers(second?.outputs.get("y")).every(Number.isFinite)).toBe(true);
  });

  it.skipIf(SHARED === undefined)("finds sizes for a recurrent model of unnamed dimensions", async () => {
    const path = `${SHARED}/real/silero-vad.onnx`;
    const session = await runtime.open({ kind: "path", path });
    const probes = await probeFeeds(session, describeInputs(readModel(path)), { seed: 0 });
    expect(probes.map(({ set }) => set.feeds.get("state")?.dims)).toEqual([
      [2, 1, 128],
      [2, 3, 128],
    ]);
    await session.close();
  });

  it.each([
    ["sizes", "float[4,6] x, int64[2] s", "t = Reshape(x, s) y = Relu(t)"],
    ["sizes that a weight limits", "float[4,6] x, int64[2] s", "t = Reshape(x, s) y = MatMul(t, W)"],
    ["factors", "float[1,2,4,5] x, float[4] s", "y = Resize(x, , s)"],
    ["lengths", "float[4,6] x, int64[3] s", "y, z, u = Split<axis = 1>(x, s)"],
    ["axes", "float[4,6] x, int64[2] s", "y = Unsqueeze(x, s)"],
    ["bounds", "float[N,6] x, int64[2] s", "y = Slice(x, s, s)"],
  ])("makes %s that suit their reader", async (_, inputs, nodes) => {
    const text = `g (${inputs}) => (float y) <float[8,1] W = {1,2,3,4,5,6,7,8}> { ${nodes} }`;
    expect((await probe(text)).length).toBe(2);
  });

  it("falls back where the declared sizes are those of one example run", async () => {
    const text = "g (float[N,6] x, int64[2] s) => (float[1,6] y) { y = Reshape(x, s) }";
    const [, second] = await probe(text);
    expect(second?.set.feeds.get("x")?.dims).toEqual([3, 6]);
    expect(numbers(second?.set.feeds.get("s"))).toEqual([6, 3]);
  });
});
