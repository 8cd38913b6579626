import type { GradientTable } from "../gradient-rule.js";
import { sumTo } from "../gradient-support.js";

export const ARITHMETIC: GradientTable = {
  Add(c) {
    const g = c.grad(0);
    return [0, 1].map((i) => (g && c.needs(i) ? sumTo(c, g, c.input(i), c.output(0)) : undefined));
  },
};
