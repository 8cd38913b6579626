import { plural } from "../base/plural.js";
import type { ListedConstant } from "../training/list-constants.js";
import { type Cell, paragraph, table } from "./layout.js";
import type { Style } from "./style.js";
import { countText } from "./units.js";

/** The constants of a model with their roles, and why those that are not trained are not, as lines of at most 80 columns. */
export function constantsText(constants: readonly ListedConstant[], style: Style): string {
  const trained = constants.filter(({ refusal }) => refusal === undefined);
  const numbers = trained.reduce((sum, { size }) => sum + size, 0);
  const head = ["constant", "shape", "role", "decay"].map((text): Cell => ({ text, paint: style.dim }));
  const rows = trained.map(({ name, dims, role, decays }): Cell[] => [
    name,
    dims.join("x") || "1",
    role,
    decays ? "yes" : "no",
  ]);
  const lines = [`${plural(trained.length, "constant")} trained, ${countText(numbers)} numbers`];
  if (rows.length > 0) lines.push(...table([{ elastic: true }, {}, {}, {}], [head, ...rows]));
  const left = constants.filter(({ refusal }) => refusal !== undefined);
  if (left.length > 0) lines.push("", `${plural(left.length, "constant")} not trained`);
  for (const { name, dims, role, refusal } of left) {
    const what = `${name} (${role}, ${dims.join("x") || "1"}): ${refusal?.reason ?? ""}`;
    lines.push(...paragraph(what, 2, 4));
  }
  return `${lines.join("\n")}\n`;
}
