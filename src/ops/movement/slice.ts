import { add, ceilDiv, leastOf, type MaybeDim, max, min, sub } from "../../rules/dims.js";
import { type Dims, type InferContext, type InferRule, tensorConclusion } from "../../rules/fact.js";
import { fromFront, normalAxes, unknownDims } from "../../rules/shapes.js";

/** From this on a bound means "to the end"; no axis is that long. */
const FAR = 2 ** 31 - 1;

interface Bounds {
  readonly starts: Dims;
  readonly ends: Dims;
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

/** Attributes before opset 10, inputs since; "unknown" when the axes or their number are not known. */
function boundsOf(c: InferContext): Bounds | "unknown" | undefined {
  if (c.opset < 10) {
    const starts = c.ints("starts");
    const ends = c.ints("ends");
    if (starts === undefined || ends === undefined) return undefined;
    return { starts, ends, axes: c.ints("axes") ?? [...starts.keys()], steps: starts.map(() => 1) };
  }
  const count = c.elements(1)?.length ?? c.elements(2)?.length ?? c.shape(1)?.[0];
  if (typeof count !== "number" || count > 64) return "unknown";
  const axes = c.has(3) ? c.numbers(3) : [...unknownDims(count).keys()];
  if (axes === undefined) return "unknown";
  const steps = c.has(4) ? c.numbers(4) : axes.map(() => 1);
  return {
    starts: c.elements(1) ?? unknownDims(count),
    ends: c.elements(2) ?? unknownDims(count),
    axes,
    // 0, which is no valid step, stands for an unknown one.
    steps: steps ?? axes.map(() => 0),
  };
}

/** Shape and small elements of a Slice of any version. */
export const slice: InferRule = (c) => {
  const x = c.shape(0);
  const bounds = boundsOf(c);
  if (bounds === undefined) return c.reject("starts and ends are missing");
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  if (bounds === "unknown") return [tensorConclusion(c.dtype(0), unknownDims(x.length))];
  const { starts, ends, steps } = bounds;
  const axes = normalAxes(bounds.axes, x.length);
  if (axes === undefined || starts.length !== axes.length || ends.length !== axes.length) {
    return c.reject("the axes do not fit the rank or the bounds");
  }
  const dims: MaybeDim[] = [...x];
  axes.forEach((axis, i) => {
    dims[axis] = sliceLength(x[axis], starts[i], ends[i], steps[i] ?? 0);
  });
  return [tensorConclusion(c.dtype(0), dims, slicedElements(c, starts[0], ends[0], steps[0] ?? 0))];
};

function sliceLength(size: MaybeDim, start: MaybeDim, end: MaybeDim, step: number): MaybeDim {
  if (size === undefined || step === 0) return undefined;
  if (step < 0) return backwards(size, start, end, step);
  if (typeof start === "number" && typeof size !== "number") {
    const toTheEnd = typeof end === "number" && end >= FAR;
    if (start >= 0 && toTheEnd) return max(ceilDiv(sub(size, start), step), 0);
    if (start >= 0 && typeof end === "number" && end < 0)
      return max(ceilDiv(add(size, end - start), step), 0);
    if (start < 0 && toTheEnd) return ceilDiv(min(size, -start), step);
  }
  return max(ceilDiv(sub(clamp(end, size), clamp(start, size)), step), 0);
}

/** A bound as a position between 0 and the size; a negative one counts from the end. */
function clamp(bound: MaybeDim, size: MaybeDim): MaybeDim {
  if (typeof bound === "number" && bound < 0) return max(add(size, Math.max(bound, -FAR)), 0);
  if (typeof bound === "number" && bound >= FAR) return size;
  return leastOf(bound) >= 0 ? min(bound, size) : undefined;
}

function backwards(size: MaybeDim, start: MaybeDim, end: MaybeDim, step: number): MaybeDim {
  if (typeof start !== "number" || typeof end !== "number") return undefined;
  if (typeof size === "number") {
    const from = Math.min(fromFront(start, size), size - 1);
    const to = Math.max(fromFront(end, size), -1);
    return Math.max(Math.ceil((to - from) / step), 0);
  }
  return (start === -1 || start >= FAR) && end <= -FAR ? ceilDiv(size, -step) : undefined;
}

function slicedElements(c: InferContext, start: MaybeDim, end: MaybeDim, step: number): Dims | undefined {
  const elements = c.elements(0);
  if (elements === undefined || c.rank(0) !== 1 || step === 0) return undefined;
  if (typeof start !== "number" || typeof end !== "number") return undefined;
  const size = elements.length;
  const result: MaybeDim[] = [];
  if (step > 0) {
    const from = Math.max(fromFront(start, size), 0);
    const to = Math.min(fromFront(end, size), size);
    for (let at = from; at < to; at += step) result.push(elements[at]);
  } else {
    const from = Math.min(fromFront(start, size), size - 1);
    const to = Math.max(fromFront(end, size), -1);
    for (let at = from; at > to; at += step) result.push(elements[at]);
  }
  return result;
}
