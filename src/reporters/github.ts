import { visible } from "../base/visible.js";
import type { Case } from "./case.js";

/**
 * The cases as workflow commands of GitHub Actions: a line for each finding, which becomes an annotation. `placeOf` gives a file's path
 * in the repository, by which its annotation is found.
 */
export function githubText(cases: readonly Case[], placeOf: (file: string) => string): string {
  const lines = cases.flatMap(({ name, file, findings }) =>
    findings.map(({ severity, title, message }) => {
      const place = file === undefined ? "" : `file=${property(placeOf(file))},`;
      return `::${severity} ${place}title=${property(`normfold: ${title}`)}::${data(`${name}: ${message}`)}\n`;
    }),
  );
  return lines.join("");
}

/** The runner ends a command at a line break, and unescapes these. */
function data(text: string): string {
  return visible(text).replaceAll("%", "%25");
}

/** Within the properties, colons and commas part them. */
function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
