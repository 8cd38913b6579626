/**
 * Removes as many items as possible, in chunks of neighbours that become smaller and smaller, as delta debugging does: first
 * halves, at the end single items until none of them can go. Later items come first, because they are what others feed.
 *
 * `list` gives the items that are left, in their order; `remove` tries to do without some of them and says whether it could.
 * Removing some may remove others, too.
 */
export async function removeChunks<T>(
  list: () => readonly T[],
  remove: (chunk: readonly T[]) => Promise<boolean>,
): Promise<void> {
  let size = Math.ceil(list().length / 2);
  while (size > 0) {
    const hasRemoved = await sweep(list, remove, size);
    if (size > 1) size = Math.ceil(Math.min(size, list().length) / 2);
    else if (!hasRemoved) return;
    if (list().length === 0) return;
  }
}

async function sweep<T>(
  list: () => readonly T[],
  remove: (chunk: readonly T[]) => Promise<boolean>,
  size: number,
): Promise<boolean> {
  let hasRemoved = false;
  for (let end = list().length; end > 0; ) {
    const items = list();
    end = Math.min(end, items.length);
    const start = Math.max(0, end - size);
    if (end > start && (await remove(items.slice(start, end)))) hasRemoved = true;
    end = start;
  }
  return hasRemoved;
}
