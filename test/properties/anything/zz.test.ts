import { it } from "vitest";
import { writeFileSync, appendFileSync } from "node:fs";
import { createRandom } from "../../../src/base/random.js";
import { modelOf } from "./draft.js";
import { holds } from "./holds.js";
import { OPERATORS } from "./structure.js";
const out = process.env["OUT"] ?? "/tmp/zz.out";
it("why", async () => {
  const from = Number(process.env["S"] ?? 0), n = Number(process.env["N"] ?? 300);
  const tally = { run: 0, checked: 0, rewrites: 0 };
  const irs = (process.env["IR"] ?? "8,8,10").split(",").map(Number);
  for (let i = from; i < from + n; i++) {
    const r = createRandom(i);
    const recipe = { seed: r.integer(0, 1<<20), opset: r.integer(7, 25), ir: irs[r.integer(0,irs.length)]!, symbolic: r.uniform()<0.5, steps: Array.from({length: r.integer(1,9)}, () => ({ operator: r.integer(0, OPERATORS.length), back: r.uniform()<0.8?0:r.integer(0,6), choice: r.integer(0,1<<20) })) };
    const d = modelOf(recipe, OPERATORS);
    writeFileSync(out + ".now", i + "\n" + d.text);
    const t = performance.now();
    try { await holds(d, recipe.seed, tally); } catch (e) { appendFileSync(out, `#### ${i} ${d.text.length}\n${(e as Error).message}\nFOR\n${d.text}\n`); }
    if (performance.now() - t > 5000) appendFileSync(out, `#### ${i} SLOW ${performance.now()-t}\n${d.text}\n`);
  }
  appendFileSync(out, `#### done ${from} ${n} ${JSON.stringify(tally)}\n`);
}, 6000000);
