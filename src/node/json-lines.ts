import { appendFileSync, writeFileSync } from "node:fs";
import { visibleJson } from "../base/visible.js";
import { guarded } from "./guarded.js";

/**
 * Opens a file of JSON documents, one a line, and gives the function that adds a line. The file starts anew, or with
 * `append` goes on. Throws NormfoldError "io".
 */
export function openJsonLines(
  path: string,
  { append }: { readonly append: boolean },
): (entry: object) => void {
  guarded(path, "write", () => writeFileSync(path, "", { flag: append ? "a" : "w" }));
  return (entry) => guarded(path, "write", () => appendFileSync(path, `${visibleJson(entry)}\n`));
}
