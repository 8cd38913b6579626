/** Tells which paths match one of several patterns; one without "/" means files of that name in any folder. */
export async function pathMatcher(patterns: readonly string[]): Promise<(path: string) => boolean> {
  const { default: picomatch } = await import("picomatch");
  const matchers = patterns.map((each) => picomatch(each.includes("/") ? each : `**/${each}`, { dot: true }));
  return (path) => matchers.some((matches) => matches(path));
}
