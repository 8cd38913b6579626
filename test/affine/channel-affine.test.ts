import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  channelAffine,
  compose,
  expandChannels,
  firstNonFinite,
  isScaleOnly,
  isShiftOnly,
} from "../../src/affine/channel-affine.js";

describe("ChannelAffine", () => {
  it("composes to the map of one after the other", () => {
    const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(numbers, numbers, numbers, numbers, numbers, (s1, t1, s2, t2, x) => {
        const both = compose(channelAffine(s1, t1), channelAffine(s2, t2));
        x.forEach((value, c) => {
          const expected = (s2[c] ?? NaN) * ((s1[c] ?? NaN) * value + (t1[c] ?? NaN)) + (t2[c] ?? NaN);
          expect((both?.scale[c] ?? NaN) * value + (both?.shift[c] ?? NaN)).toBeCloseTo(expected, 5);
        });
      }),
      { seed: 3 },
    );
  });

  it("repeats a uniform map for as many channels as there are, and fits no other number", () => {
    const uniform = channelAffine([2], [3]);
    expect(expandChannels(uniform, 3)).toEqual(channelAffine([2, 2, 2], [3, 3, 3]));
    expect(expandChannels(channelAffine([1, 2], [3, 4]), 3)).toBeUndefined();
    expect(compose(channelAffine([1, 2], [0, 0]), channelAffine([1, 2, 3], [0, 0, 0]))).toBeUndefined();
    expect(compose(uniform, channelAffine([1, -1], [0, 5]))).toEqual(channelAffine([2, -2], [3, 2]));
    expect(compose(channelAffine([1, -1], [0, 5]), uniform)).toEqual(channelAffine([2, -2], [3, 13]));
  });

  it("tells scales from shifts, and finds NaN and infinity", () => {
    expect(isShiftOnly(channelAffine([1, 1], [0, 2]))).toBe(true);
    expect(isShiftOnly(channelAffine([1, -1], [0, 2]))).toBe(false);
    expect(isScaleOnly(channelAffine([1, 3], [0, -0]))).toBe(true);
    expect(isScaleOnly(channelAffine([1, 3], [0, 1]))).toBe(false);
    expect(firstNonFinite(channelAffine([1, 3], [0, 1]))).toBeUndefined();
    expect(firstNonFinite(channelAffine([1, NaN], [0, 1]))).toBe(1);
    expect(firstNonFinite(channelAffine([1, 1], [Infinity, 1]))).toBe(0);
  });

  it("refuses lists of different lengths", () => {
    expect(() => channelAffine([1, 2], [1])).toThrow(
      expect.objectContaining({ code: "usage", id: "scales-and-shifts-differ" }),
    );
  });
});
