import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carryThroughReshape } from "../../src/affine/carry.js";
import { channelAffine } from "../../src/affine/channel-affine.js";

const map = (...scale: number[]) =>
  channelAffine(
    scale,
    scale.map((value) => value / 2),
  );

function carried(
  scale: readonly number[],
  axis: number,
  from: readonly number[],
  to: readonly number[],
): readonly [axis: number, scale: readonly number[]] | undefined {
  const result = carryThroughReshape(map(...scale), axis, from, to);
  return result && [result.axis, [...result.map.scale]];
}

describe("carryThroughReshape", () => {
  it("repeats each channel for the places that it has", () => {
    expect(carried([1, 2], 0, [2, 3], [6])).toEqual([0, [1, 1, 1, 2, 2, 2]]);
    expect(carried([1, 2, 3], 1, [2, 3], [6])).toEqual([0, [1, 2, 3, 1, 2, 3]]);
  });

  it("takes repetitions together", () => {
    expect(carried([1, 1, 2, 2], 0, [4], [2, 2])).toEqual([0, [1, 2]]);
    expect(carried([1, 2, 1, 2], 0, [4], [2, 2])).toEqual([1, [1, 2]]);
    expect(carried([1, 2, 3, 4], 0, [4], [2, 2])).toBeUndefined();
  });

  it("finds no axis where rows and columns change places without a Transpose", () => {
    expect(carried([1, 2, 3], 1, [2, 3], [3, 2])).toBeUndefined();
    expect(carried([1, 2], 0, [2, 3], [3, 2])).toBeUndefined();
  });

  it("sees no difference between equal channels", () => {
    expect(carried([5, 5], 0, [2, 3], [3, 2])).toEqual([0, [5, 5, 5]]);
  });

  it("refuses blocks of different numbers of elements, and empty ones", () => {
    expect(carried([1, 2], 0, [2, 3], [7])).toBeUndefined();
    expect(carried([1, 2], 0, [2, 0], [0, 2])).toBeUndefined();
  });

  it("keeps every element's scale and shift, whatever the views", () => {
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    const values = fc.array(fc.constantFrom(1, 2, 3), { minLength: 256, maxLength: 256 });
    fc.assert(
      fc.property(shape, fc.nat(3), values, fc.nat(), (from, at, elements, order) => {
        const axis = at % from.length;
        const size = product(from);
        const to = factors(size, order);
        const scale = elements.slice(0, from[axis]);
        const result = carryThroughReshape(map(...scale), axis, from, to);
        if (result === undefined) return;
        for (let element = 0; element < size; element++) {
          const before = scale[coordinate(element, from, axis)];
          const after = coordinate(element, to, result.axis);
          expect(result.map.scale[after]).toBe(before);
          expect(result.map.shift[after]).toBe((before ?? NaN) / 2);
        }
      }),
    );
  });
});

function product(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}

function coordinate(element: number, dims: readonly number[], axis: number): number {
  return Math.floor(element / product(dims.slice(axis + 1))) % (dims[axis] ?? 1);
}

/** Some sizes with the given product. */
function factors(size: number, choice: number): number[] {
  const dims: number[] = [];
  let rest = size;
  for (let divisor = 2, seed = choice; rest > 1; ) {
    if (rest % divisor !== 0) divisor++;
    else {
      rest /= divisor;
      if (seed % 2 === 0 || dims.length === 0) dims.push(divisor);
      else dims.push((dims.pop() ?? 1) * divisor);
      seed = Math.floor(seed / 2);
    }
  }
  return dims.length === 0 ? [1] : dims;
}
