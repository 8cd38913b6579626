import { FORMER_NAMES, PASSES } from "../../passes/index.js";
import { nearest } from "../base/nearest.js";
import type { Pass } from "../rewrite/pass.js";
import { errors } from "./errors.js";

/** The passes to leave out, of which one has a switch of its own. */
export function skippedPasses(options: {
  readonly skip?: readonly string[];
  readonly constantFolding?: boolean;
}): readonly string[] {
  const { skip = [], constantFolding } = options;
  return constantFolding === false ? [...skip, "fold-constants"] : skip;
}

/** The passes to run. Throws "usage" for a name that no pass has. */
export function selectPasses(
  wanted: readonly (string | Pass)[] | undefined,
  skip: readonly string[] = [],
): readonly Pass[] {
  const byName = new Map(PASSES.map((pass) => [pass.name, pass]));
  const find = (name: string): Pass => {
    const pass = byName.get(name);
    if (pass !== undefined) return pass;
    const now = FORMER_NAMES.get(name);
    throw now === undefined
      ? errors.unknownPass(name, nearest(name, [...byName.keys()]))
      : errors.renamedPass(name, now);
  };
  const skipped = new Set(skip);
  const custom = new Set((wanted ?? []).flatMap((pass) => (typeof pass === "string" ? [] : [pass.name])));
  for (const name of skipped) if (!custom.has(name)) find(name);
  const passes = wanted?.map((pass) => (typeof pass === "string" ? find(pass) : pass)) ?? PASSES;
  return passes.filter((pass) => !skipped.has(pass.name));
}

/** The passes to run where there are more than normfold's own, which run last; `wanted` may name both. */
export function withOwnPasses(
  wanted: readonly string[] | undefined,
  own: readonly Pass[],
): readonly (string | Pass)[] | undefined {
  if (own.length === 0) return wanted;
  const taken = new Set(PASSES.map(({ name }) => name));
  for (const { name } of own) {
    if (taken.has(name)) throw errors.passNameIsTaken(name);
    taken.add(name);
  }
  const byName = new Map(own.map((pass) => [pass.name, pass]));
  return wanted?.map((name) => byName.get(name) ?? name) ?? [...PASSES, ...own];
}
