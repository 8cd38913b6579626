export type Paint = (text: string) => string;

/** How a report marks its words. The caller chooses: colours on a terminal, nothing in a file. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly red: Paint;
  readonly cyan: Paint;
}
