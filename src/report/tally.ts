import type { RefusalRecord, RewriteRecord } from "../rewrite/pass.js";

/** Refusals with one reason. */
export interface RefusalGroup {
  readonly reason: string;
  readonly records: readonly RefusalRecord[];
}

/** How often each pass did something, most frequent first. */
export function countByPass(rewrites: readonly RewriteRecord[]): [pass: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { pass } of rewrites) counts.set(pass, (counts.get(pass) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/**
 * Refusals by reason, most frequent first. Where several passes refuse one node, only the first in the pipeline counts,
 * because its reason usually says most. Reasons that differ only in the names of nodes and values are one.
 */
export function groupRefusals(refusals: readonly RefusalRecord[]): RefusalGroup[] {
  const byNode = new Map([...refusals].reverse().map((record) => [record.node, record]));
  return [...groupBy(byNode.values(), (record) => withoutNames(record.reason))]
    .map(([general, records]) => ({ reason: reasonOf(general, records), records }))
    .sort((a, b) => b.records.length - a.records.length || (a.reason < b.reason ? -1 : 1));
}

/** Refusals by their kind, most frequent first; those of one kind in the order of the passes. */
export function refusalsById(refusals: readonly RefusalRecord[]): [id: string, RefusalRecord[]][] {
  return [...groupBy(refusals, ({ id }) => id)].sort(
    ([a, m], [b, n]) => n.length - m.length || (a < b ? -1 : 1),
  );
}

/** A single refusal can name its names. */
function reasonOf(general: string, records: readonly RefusalRecord[]): string {
  const [only] = records;
  return records.length === 1 && only !== undefined ? only.reason : general;
}

/** `the output of Conv "c1" has 1 other use` -> `the output of Conv has 1 other use`. */
function withoutNames(reason: string): string {
  return reason.replace(/(\w) "[^"]*"/g, "$1").replace(/"[^"]*"/g, "its value");
}

/** Map.groupBy, which Node has from 21 on. */
export function groupBy<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
