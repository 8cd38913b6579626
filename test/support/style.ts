import type { Paint, Style } from "../../src/report/style.js";

const same: Paint = (text) => text;

export const PLAIN: Style = { bold: same, dim: same, green: same, yellow: same, red: same, cyan: same };
