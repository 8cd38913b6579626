import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { createRandom } from "../../src/base/random.js";
import { decodeModel } from "../../src/proto/decode.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import type { StagedModel } from "../../src/runtime/checker-options.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { perturbWeights } from "../../src/runtime/perturb.js";
import type { Runtime, RuntimeModel, RuntimeTensor } from "../../src/runtime/runtime.js";
import { bytesIn, bytesOf, checkModels, list, numbers, tensor } from "../support/runtime.js";

const FEEDS = [{ name: "given", feeds: new Map([["x", tensor("float", [1], [3])]]), expected: undefined }];

/** A model that a byte names. */
const model = (code: number): RuntimeModel => ({ kind: "bytes", bytes: new Uint8Array([code]) });

/** Runs nothing: the byte of a model selects its output y from a table. */
function scripted(outputs: Readonly<Record<number, readonly number[]>>): Runtime {
  const port = (name: string) => ({ name, dtype: "float" as const, shape: [1] });
  return {
    name: "scripted",
    version: "1",
    open: (opened) => {
      const values = outputs[(opened.kind === "bytes" ? opened.bytes[0] : undefined) ?? -1] ?? [];
      const y = (): RuntimeTensor => tensor("float", [values.length], values);
      return Promise.resolve({
        inputs: [port("x")],
        outputs: [port("y")],
        run: () => Promise.resolve(new Map([["y", y()]])),
        close: () => Promise.resolve(),
      });
    },
  };
}

const [ORIGINAL, RESULT, NOISY] = [0, 1, 10];

/** The report, and which perturbed originals were asked for. */
async function compared(
  original: readonly number[],
  result: readonly number[],
  noisy: readonly (readonly number[])[],
): Promise<readonly [CheckReport, readonly number[]]> {
  const asked: number[] = [];
  const perturbed = (run: number): Promise<StagedModel> => {
    asked.push(run);
    return Promise.resolve({ model: model(NOISY + run), dispose: () => Promise.resolve() });
  };
  const table = Object.fromEntries(noisy.map((values, run) => [NOISY + run, values]));
  const report = await checkModels(model(ORIGINAL), model(RESULT), {
    runtime: scripted({ [ORIGINAL]: original, [RESULT]: result, ...table }),
    seed: 0,
    numerics: "rounding",
    feeds: FEEDS,
    noisy: perturbed,
  });
  return [report, asked];
}

describe("how far the rounding of the original moves one number", () => {
  const [STILL, MOVED] = [[1 + 1e-7], [1 + 1e-5]];

  it("is not measured where the base tolerance decides", async () => {
    const [report, asked] = await compared([1], [1 + 1e-6], [MOVED]);
    expect([report.status, asked]).toEqual(["equal", []]);
  });

  it("is measured once where that decides", async () => {
    const [report, asked] = await compared([1], [1 + 4e-5], [MOVED, MOVED, MOVED, MOVED]);
    expect([report.status, asked]).toEqual(["equal", [0]]);
  });

  it("is measured again where the output did not move by chance", async () => {
    const [report, asked] = await compared([1], [1 + 4e-5], [STILL, STILL, MOVED, STILL]);
    expect([report.status, asked]).toEqual(["equal", [0, 1, 2]]);
    expect(report.sets[0]?.outputs[0]?.tolerance.why).toMatch(/moves the original by 1\.0e-5$/);
  });

  it("allows no more than eight times the largest movement, however often it is measured", async () => {
    const [report, asked] = await compared([1], [1 + 1e-4], [STILL, MOVED, STILL, MOVED]);
    expect([report.status, asked]).toEqual(["differs", [0, 1, 2, 3]]);
    expect(report.reason).toMatch(/1 of 1 elements differ by up to 1\.0e-4; 8\.0e-5 is allowed$/);
  });

  it("does not add up: each run flips one element of a hundred, and four times as many may differ", async () => {
    const ones = Array.from({ length: 100 }, () => 1);
    const flip = (...at: readonly number[]): readonly number[] =>
      ones.map((one, i) => (at.includes(i) ? 2 : one));
    const noisy = [flip(10), flip(20), flip(30), flip(40)];
    expect((await compared(ones, flip(1, 2, 3, 4), noisy))[0].status).toBe("equal");
    const [report, asked] = await compared(ones, flip(1, 2, 3, 4, 5), noisy);
    expect([report.status, asked]).toEqual(["differs", [0, 1, 2, 3]]);
  });

  it("leaves an output unjudged that loses its shape in any run, and only where the result does", async () => {
    const longer = [1, 1];
    const [unjudged, asked] = await compared([1], longer, [STILL, longer]);
    expect([unjudged.sets[0]?.verdict, asked]).toEqual(["unjudged", [0, 1]]);
    const [differs] = await compared([1], longer, [STILL, MOVED, STILL, MOVED]);
    expect(differs.status).toBe("differs");
  });
});

describe("the perturbed inputs", () => {
  it("differ in each run", async () => {
    const seen = new Set<number>();
    const runtime = scripted({ [ORIGINAL]: [1], [RESULT]: [2] });
    const watching: Runtime = {
      ...runtime,
      open: async (opened) => {
        const session = await runtime.open(opened);
        const run: typeof session.run = (feeds) => {
          for (const value of numbers(feeds.get("x"))) seen.add(value);
          return session.run(feeds);
        };
        return { ...session, run };
      },
    };
    const options = { runtime: watching, seed: 0, numerics: "rounding", feeds: FEEDS } as const;
    expect((await checkModels(model(ORIGINAL), model(RESULT), options)).status).toBe("differs");
    expect(seen.size).toBeGreaterThan(3);
  });
});

describe("a deep network that gives one number", () => {
  const [WIDTH, DEPTH] = [32, 6];

  /**
   * MatMul, BatchNormalization and Relu in turn, then a MatMul to one number; `wrong`: the layer whose means are a
   * thousandth off.
   */
  function network(wrong?: number): RuntimeModel {
    const random = createRandom(5);
    const draw = (count: number, body: () => number): string => list(Array.from({ length: count }, body));
    const constants: string[] = [`float[${WIDTH},1] W = ${draw(WIDTH, () => random.normal())}`];
    const nodes: string[] = ["r0 = Identity(x)"];
    for (let layer = 1; layer <= DEPTH; layer++) {
      const off = layer === wrong ? 1.001 : 1;
      constants.push(
        `float[${WIDTH},${WIDTH}] W${layer} = ${draw(WIDTH ** 2, () => random.normal() * Math.sqrt(2 / WIDTH))}`,
        `float[${WIDTH}] s${layer} = ${draw(WIDTH, () => 0.5 + random.uniform())}`,
        `float[${WIDTH}] b${layer} = ${draw(WIDTH, () => random.normal() / 2)}`,
        `float[${WIDTH}] m${layer} = ${draw(WIDTH, () => (off * random.normal()) / 2)}`,
        `float[${WIDTH}] v${layer} = ${draw(WIDTH, () => 0.5 + random.uniform())}`,
      );
      nodes.push(
        `c${layer} = MatMul(r${layer - 1}, W${layer})`,
        `n${layer} = BatchNormalization(c${layer}, s${layer}, b${layer}, m${layer}, v${layer})`,
        `r${layer} = Relu(n${layer})`,
      );
    }
    nodes.push(`y = MatMul(r${DEPTH}, W)`);
    return bytesOf(
      `g (float[1,${WIDTH}] x) => (float[1,1] y) <${constants.join(", ")}> { ${nodes.join(" ")} }`,
    );
  }

  const noisy = (run: number): Promise<StagedModel> => {
    const perturbed = perturbWeights(decodeModel(memorySource(bytesIn(network()))), run);
    return Promise.resolve({
      model: { kind: "bytes", bytes: encodeToBytes(perturbed) },
      dispose: () => Promise.resolve(),
    });
  };

  it.each([1, 4, 6])("differs where the means of layer %i are a thousandth off", async (layer) => {
    const options = { runtime: await defaultRuntime(), seed: layer, numerics: "rounding", noisy } as const;
    expect((await checkModels(network(), network(layer), options)).status).toBe("differs");
  });
});
