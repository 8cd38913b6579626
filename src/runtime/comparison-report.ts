import type { Bounds } from "./bounds.js";
import type { CheckReport } from "./check-report.js";
import type { LayersReport } from "./layers.js";
import type { Side } from "./sides.js";
import type { TopKReport } from "./top-k.js";

/** The findings of a comparison that somebody asked for. Plain data: it survives JSON. */
export interface ComparisonReport extends CheckReport {
  /** The tolerance that was given; undefined where it was measured. */
  readonly bounds: Bounds | undefined;
  /** How the original was run. */
  readonly originalSide: Side;
  /** How the result was run. */
  readonly resultSide: Side;
  /** The values inside both models; undefined where nobody asked, or the original does not run. */
  readonly layers: LayersReport | undefined;
  /** How often the classes agree; undefined likewise. */
  readonly topK: TopKReport | undefined;
}
