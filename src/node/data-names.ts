import { basename, dirname, extname, join } from "node:path";

/** The name of a model's data file where nobody gave one. */
export function defaultLocation(path: string): string {
  return `${basename(path)}.data`;
}

/**
 * The names that a data file may get, the best first: the one that was asked for and, where another model or the present version
 * of this one reads the file of that name, the same with the first digits of its own SHA-256, as `net.onnx.1f3a9c2e.data`. The SHA-256
 * is asked for only when the first name cannot be had.
 */
export function* locationsFor(
  wanted: string,
  digestOfBytes: () => string,
): Generator<string, void, undefined> {
  yield wanted;
  const digest = digestOfBytes();
  const { folder, stem, extension } = partsOf(wanted);
  for (const digits of [8, 16, 32, 64]) {
    yield joined(folder, `${stem}.${digest.slice(0, digits)}${extension}`);
  }
}

/** True for a name that locationsFor gives beside the one that was asked for. */
export function isSubstituteFor(name: string, wanted: string): boolean {
  const { stem, extension } = partsOf(wanted);
  if (!(name.startsWith(`${stem}.`) && name.endsWith(extension))) return false;
  return /^[0-9a-f]{8,64}$/.test(name.slice(stem.length + 1, name.length - extension.length));
}

function partsOf(location: string): { folder: string; stem: string; extension: string } {
  const extension = extname(location);
  return { folder: dirname(location), stem: basename(location, extension), extension };
}

/** Locations are relative, and have no "./" in front. */
function joined(folder: string, name: string): string {
  return folder === "." ? name : join(folder, name);
}
