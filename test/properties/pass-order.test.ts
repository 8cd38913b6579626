import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PASSES } from "../../passes/index.js";
import { memorySource } from "../../src/base/bytes.js";
import { createRandom, type Random } from "../../src/base/random.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { decodeModel } from "../../src/proto/decode.js";
import type { Pass } from "../../src/rewrite/pass.js";
import { evaluate } from "../support/rewrite.js";

const FOLDER = new URL("../../models/", import.meta.url);
const MODELS = ["zoo", "real"].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, FOLDER))
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => `${folder}/${name}`),
);

/** Whether a pass must follow another, by its own `order` or by that of the other. */
function comesAfter(pass: Pass, other: Pass): boolean {
  const after = typeof pass.order === "object" && Object.hasOwn(pass.order.after ?? {}, other.name);
  const before = typeof other.order === "object" && Object.hasOwn(other.order.before ?? {}, pass.name);
  return after || before;
}

/** The passes in a random order that keeps the constraints in their `order`. */
function anyOrder(random: Random): readonly Pass[] {
  const left = [...PASSES];
  const order: Pass[] = [];
  while (left.length > 0) {
    const free = left.filter((pass) => !left.some((other) => comesAfter(pass, other)));
    const next = free[random.integer(0, free.length)];
    if (next === undefined) expect.unreachable("the constraints form a cycle");
    order.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return order;
}

/** How many nodes of each operator the passes leave. */
async function leftBy(passes: readonly Pass[], file: string): Promise<Readonly<Record<string, number>>> {
  const model = decodeModel(memorySource(readFileSync(new URL(file, FOLDER))));
  const { model: result } = await rewriteModel(model, { passes }, { evaluate });
  const counts: Record<string, number> = {};
  for (const { opType } of result.nodes()) counts[opType] = (counts[opType] ?? 0) + 1;
  return counts;
}

describe("an order of the passes that keeps their constraints", () => {
  const random = createRandom(12);
  const orders = [1, 2, 3, 4].map(() => anyOrder(random));

  it.each(MODELS)("leaves %s with the same operators as the declared order", async (file) => {
    const declared = await leftBy(PASSES, file);
    for (const order of orders) {
      expect(await leftBy(order, file), order.map(({ name }) => name).join()).toEqual(declared);
    }
  });
});
