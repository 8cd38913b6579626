import type { GradientTable } from "../gradient-rule.js";

export const shapeGradients: GradientTable = {};
