import fc from "fast-check";
import { expect, it } from "vitest";
import { SmallSet } from "../../src/ir/small-set.js";

it("is a Set of what was added and not deleted, in the order of addition", () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 6 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [own, other] = [new SmallSet<number>(), new Set<number>()];
      for (const [adds, item] of steps) {
        if (adds) {
          own.add(item);
          other.add(item);
        } else expect(own.delete(item)).toBe(other.delete(item));
        expect([...own]).toEqual([...other]);
        expect([own.size, own.has(item)]).toEqual([other.size, other.has(item)]);
      }
      expect([[...own.keys()], [...own.values()], [...own.entries()]]).toEqual([
        [...other.keys()],
        [...other.values()],
        [...other.entries()],
      ]);
      const seen: number[] = [];
      own.forEach((item) => {
        seen.push(item);
      });
      expect(seen).toEqual([...other]);
    }),
  );
});
