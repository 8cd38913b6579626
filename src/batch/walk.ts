import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { guarded } from "../node/guarded.js";

/** A file below a folder: its place there, with "/" between the parts. */
export type Place = string;

/**
 * Gives the files below `folder` to `visit`, in no order that matters. Hidden folders and files, and node_modules, are passed by. Links
 * are followed, but each folder is entered once, under its own name rather than a link's: links may go in circles, and links to links
 * would be a number of paths without bound. `depth` is the number of levels below. Throws NormfoldError "io" for a folder that
 * cannot be read, because its models would be missing without a word.
 */
export function walk(
  folder: string,
  visit: (place: Place) => void,
  depth: number = Number.POSITIVE_INFINITY,
): void {
  const real: string[] = [];
  const links: { place: Place; depth: number }[] = [];
  const enter = (place: Place, left: number): void => {
    real.push(place);
    const path = place === "" ? folder : join(folder, place);
    for (const entry of guarded(path, "read", () => readdirSync(path, { withFileTypes: true }))) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const below = place === "" ? entry.name : `${place}/${entry.name}`;
      const kind = kindOf(entry, path);
      if (kind === "folder" && left > 0) enter(below, left - 1);
      else if (kind === "link" && left > 0) links.push({ place: below, depth: left - 1 });
      else if (kind === "file") visit(below);
    }
  };
  enter("", depth);
  if (links.length === 0) return;
  const seen = new Set(real.map((place) => identityOf(join(folder, place))));
  // Links inside a linked folder are put behind the others.
  for (let link = links.shift(); link !== undefined; link = links.shift()) {
    const identity = identityOf(join(folder, link.place));
    if (seen.has(identity)) continue;
    const before = real.length;
    enter(link.place, link.depth);
    for (const place of real.slice(before)) seen.add(identityOf(join(folder, place)));
  }
}

/** A broken link counts as a file, so that whoever opens it says what is wrong. */
function kindOf(entry: Dirent, folder: string): "file" | "folder" | "link" | "other" {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  if (!entry.isSymbolicLink()) return "other";
  try {
    return statSync(join(folder, entry.name)).isDirectory() ? "link" : "file";
  } catch {
    return "file";
  }
}

function identityOf(path: string): string {
  const { dev, ino } = guarded(path, "read", () => statSync(path, { bigint: true }));
  return `${dev}:${ino}`;
}
