const files: string[] = [];

/** Keeps in mind that files have their names, so that a later error does not make a user think that they have not. */
export function noteWritten(paths: readonly string[]): void {
  files.push(...paths);
}

/** The files that this run has written so far. */
export function writtenFiles(): readonly string[] {
  return files;
}
