/** A pattern of paths, taken apart. Patterns are those of picomatch, as in Vite: `*`, `**`, `?`, `[ab]`, `{a,b}`. */
export interface PathPattern {
  /** The folder that all matching paths are in, as the pattern spells it; "" for the current one. */
  readonly base: string;
  /** Levels of folders below `base` in which matching files are. */
  readonly depth: number;
  /** The pattern says itself how the names of matching files end. */
  readonly namesEnding: boolean;
  /** Whether a path below `base`, relative to it and with "/" between its parts, matches. */
  matches(path: string): boolean;
}

/** Whether a text has a character that makes it a pattern. */
export function isPattern(text: string): boolean {
  return /[*?[\]{}]|[!+@]\(/.test(text);
}

/** Loaded when a pattern is met, which is rare. */
export async function pathPattern(text: string): Promise<PathPattern> {
  const { default: picomatch } = await import("picomatch");
  const { base, glob } = picomatch.scan(text);
  const isDeep = glob.includes("**") || /[{(]/.test(glob);
  const matches = picomatch(glob);
  return {
    base,
    depth: isDeep ? Number.POSITIVE_INFINITY : glob.split("/").length - 1,
    namesEnding: /\.\w+$/.test(glob) || /\.\{[\w,]+\}$/.test(glob),
    matches: (path) => matches(path),
  };
}
