import { it } from "vitest";
import { foldRandomGraphs } from "./random-property.js";

/** The same with other seeds, beside the first in a process of its own. */
const SECOND_HALF = 1_000_000;

/** NORMFOLD_GRAPHS=5000 for a long run; NORMFOLD_SEED for other ones. */
const GRAPHS = Number(process.env["NORMFOLD_GRAPHS"] ?? 250);
const SEED = Number(process.env["NORMFOLD_SEED"] ?? 1) + SECOND_HALF;

it(
  `folds ${GRAPHS} random graphs without changing what they compute (NORMFOLD_GRAPHS sets how many)`,
  () => foldRandomGraphs(GRAPHS, SEED),
  60_000 + GRAPHS * 1000,
);
