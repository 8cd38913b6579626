import { createRandom, type Random } from "../../../src/base/random.js";
import { decodeNumbers, encodeNumbers } from "../../../src/ir/tensor.js";
import type {
  Runtime,
  RuntimeModel,
  RuntimeTensor,
  Session,
  TensorMap,
} from "../../../src/runtime/runtime.js";
import { isReal, sizeOf, type Var } from "./draft.js";

/** Of the largest element of an output; rewrites may round otherwise, and no more. */
const ROUNDINGS = { float: 1e-4, float16: 2e-2, double: 1e-8 } as const;
/** By how much the inputs are moved to see how far rounding carries, and how much farther a result may be. */
const NUDGES = { float: 3e-7, float16: 2e-3, double: 1e-14 } as const;
const FARTHER = 64;

type Real = keyof typeof ROUNDINGS;

/** What came of running two models on the same inputs. */
export type Verdict =
  | { readonly kind: "equal" }
  /** The original does not run. */
  | { readonly kind: "idle"; readonly reason: string }
  | { readonly kind: "differs"; readonly reason: string };

/**
 * Runs two models on inputs of its own and compares their outputs by a bound of its own. It shares nothing with the check of the
 * product but the runtime.
 */
export async function compareApart(
  runtime: Runtime,
  original: Uint8Array,
  result: Uint8Array,
  inputs: readonly Var[],
  seed: number,
): Promise<Verdict> {
  const opened: Session[] = [];
  const open = async (bytes: Uint8Array): Promise<Session> => {
    const model: RuntimeModel = { kind: "bytes", bytes };
    const session = await runtime.open(model);
    opened.push(session);
    return session;
  };
  try {
    const random = createRandom(seed);
    const feeds = new Map(inputs.map((input) => [input.name, feedOf(input, random)]));
    let before: Session;
    let outputs: TensorMap;
    try {
      before = await open(original);
      outputs = await before.run(feeds);
    } catch (error) {
      return { kind: "idle", reason: messageOf(error) };
    }
    const nudged = [1, -1].map((sign) => nudge(feeds, inputs, sign));
    const moved = await Promise.all(nudged.map((each) => before.run(each)));
    const after = await open(result);
    return difference(outputs, moved, await after.run(feeds));
  } catch (error) {
    return { kind: "differs", reason: `only the original runs: ${messageOf(error)}` };
  } finally {
    for (const session of opened) await session.close();
  }
}

function difference(outputs: TensorMap, moved: readonly TensorMap[], after: TensorMap): Verdict {
  for (const [name, was] of outputs) {
    const is = after.get(name);
    if (is === undefined) return { kind: "differs", reason: `${name} is gone` };
    const heads = [was, is].map(({ dtype, dims }) => `${dtype}[${dims.join(",")}]`);
    if (heads[0] !== heads[1]) return { kind: "differs", reason: `${name} was ${heads[0]}, is ${heads[1]}` };
    const [a, b] = [numbersOf(was), numbersOf(is)];
    const near = moved
      .map((each) => each.get(name))
      .map((each) => (each === undefined ? a : numbersOf(each)));
    const bound = boundOf(was.dtype, a, near);
    const at = a.findIndex((x, i) => Number.isFinite(x) && !(Math.abs(x - (b[i] ?? NaN)) <= bound));
    if (at >= 0)
      return { kind: "differs", reason: `${name}[${at}] was ${a[at]}, is ${b[at]}, bound ${bound}` };
  }
  return { kind: "equal" };
}

/** How far an output may be from the original's. Infinite where rounding of the inputs decides between distant numbers. */
function boundOf(dtype: string, a: Float64Array, near: readonly Float64Array[]): number {
  const largest = a.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  let movement = 0;
  for (const other of near) {
    if (other.length !== a.length) return Infinity;
    for (const [i, x] of a.entries()) {
      const far = Math.abs(x - (other[i] ?? NaN));
      if (Number.isFinite(x) && !(far <= movement)) movement = Number.isFinite(far) ? far : Infinity;
    }
  }
  if (!isRealType(dtype)) return movement > 0 ? Infinity : 0;
  return FARTHER * movement + ROUNDINGS[dtype] * largest + Number.EPSILON;
}

function isRealType(dtype: string): dtype is Real {
  return dtype in ROUNDINGS;
}

function feedOf(input: Var, random: Random): RuntimeTensor {
  const { dtype, dims } = input;
  const element = (): number => {
    if (dtype === "bool") return random.integer(0, 2);
    if (isReal(input)) return Math.fround(random.normal());
    return dtype === "uint8" ? random.integer(0, 6) : random.integer(-3, 4);
  };
  return { dtype, dims, data: encodeNumbers(dtype, Array.from({ length: sizeOf(dims) }, element)) };
}

function nudge(feeds: TensorMap, inputs: readonly Var[], sign: number): TensorMap {
  return new Map(
    inputs.map((input) => {
      const feed = feeds.get(input.name);
      if (feed === undefined) throw new Error("an input without a feed");
      if (!isRealType(input.dtype)) return [input.name, feed];
      const by = NUDGES[input.dtype];
      const numbers = numbersOf(feed).map((x, i) => x * (1 + sign * by * (i % 2 === 0 ? 1 : -1)));
      return [input.name, { ...feed, data: encodeNumbers(input.dtype, numbers) }];
    }),
  );
}

function numbersOf({ dtype, dims, data }: RuntimeTensor): Float64Array {
  if (!(data instanceof Uint8Array)) throw new Error("no numbers");
  return decodeNumbers(dtype, data, sizeOf(dims));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
