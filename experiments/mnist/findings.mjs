// What the measurements say, in tables and sentences; the page and the README have them from here.

const percent = (part) => (part === undefined ? "-" : `${(100 * part).toFixed(2)} %`);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
export const isFirst =
  ({ seeds }) =>
  ({ settings }) =>
    settings.seed === seeds[0];
export const isPlain = ({ settings }) => !settings.normalized;

/** Arms of one kind with these settings, one a seed. */
export function select({ arms }, wanted) {
  return arms.filter(({ settings }) =>
    Object.entries(wanted).every(([key, value]) => same(settings[key], value)),
  );
}

function same(a, b) {
  return typeof a === "number" && typeof b === "number" ? Math.abs(a - b) < 1e-9 : a === b;
}

const lastOf = (arm) => (arm.diverged ? undefined : arm.curve.at(-1)?.accuracy);
const finals = (list) => list.flatMap((arm) => lastOf(arm) ?? []);

/** The accuracies of the seeds' curves, averaged at each step that all of them have. */
function meanCurve(list) {
  return (list[0]?.curve ?? []).flatMap(({ step }) => {
    const at = list.flatMap((arm) => arm.curve.find((point) => point.step === step)?.accuracy ?? []);
    return at.length === list.length ? [{ step, accuracy: mean(at) }] : [];
  });
}

/** The first step at which the mean of the seeds' curves reaches an accuracy; undefined: never. */
const stepsTo = (list, accuracy) => meanCurve(list).find((point) => point.accuracy >= accuracy)?.step;

/** The chosen cell at a multiple of its learning rate. */
export const atFactor = (document, normalized, factor) =>
  select(document, {
    name: "cell",
    normalized,
    std: document.cell.std,
    learningRate: document.cell.learningRate * factor,
    steps: document.steps,
  });

export const nameOf = (normalized, factor) =>
  `${normalized ? "BN" : "plain"}${factor === 1 ? "" : ` x${factor}`}`;

/** An accuracy that all networks pass early. */
const EARLY = 0.9;

/** Everything the page and the README say of the chosen cell, from the measurements. */
function summary(document) {
  const best = Math.max(...meanCurve(atFactor(document, false, 1)).map(({ accuracy }) => accuracy));
  const order = [false, true].flatMap((normalized) =>
    [1, ...document.factors].map((factor) => ({ normalized, factor })),
  );
  return {
    best,
    rows: order.flatMap(({ normalized, factor }) => {
      const list = atFactor(document, normalized, factor);
      if (list.length === 0) return [];
      const highest = Math.max(...meanCurve(list).map(({ accuracy }) => accuracy));
      return {
        name: nameOf(normalized, factor),
        learningRate: document.cell.learningRate * factor,
        final: finals(list),
        highest,
        early: stepsTo(list, EARLY),
        steps: stepsTo(list, best),
        diverged: list.filter(({ diverged }) => diverged).length,
      };
    }),
  };
}

export const thousands = (count) => count.toLocaleString("en-US");

const countOf = (steps) => (steps === undefined ? "never" : thousands(steps));

/** The mean, and where there are several seeds the least and the greatest. */
function spreadOf(values) {
  if (values.length === 0) return "-";
  const range =
    values.length > 1 ? ` (${percent(Math.min(...values))} to ${percent(Math.max(...values))})` : "";
  return `${percent(mean(values))}${range}`;
}

/** Every table of the README: what was learned, and in how many steps. */
export function accuracyTable(document) {
  const { rows, best } = summary(document);
  const plainSteps = rows[0]?.steps;
  return [
    `| network | learning rate | seeds | test accuracy after ${thousands(document.steps)} steps | highest on the way | steps to ${100 * EARLY} % | steps to ${percent(best)}, the plain net's best | fewer by |`,
    "|---|---|---|---|---|---|---|---|",
    ...rows.map(({ name, learningRate, final, highest, early, steps, diverged }) => {
      const factor =
        steps === undefined || plainSteps === undefined || name === "plain"
          ? ""
          : `${(plainSteps / steps).toFixed(1)}x`;
      const lost = diverged > 0 ? `, ${diverged} diverged` : "";
      return `| ${name} | ${Number(learningRate.toFixed(6))} | ${final.length + diverged} | ${spreadOf(final)}${lost} | ${percent(highest)} | ${countOf(early)} | ${countOf(steps)} | ${factor} |`;
    }),
  ].join("\n");
}

/** What higher rates do to the plain net, beside the BN net: in the paper the plain one diverges. */
function ratesSentence(document) {
  const { rows } = summary(document);
  const compared = [1, ...document.factors].flatMap((factor) => {
    const [plain, bn] = [false, true].map((normalized) =>
      rows.find(({ name }) => name === nameOf(normalized, factor)),
    );
    if (plain === undefined || bn === undefined) return [];
    const rate = `at rate ${Number(plain.learningRate.toFixed(6))}`;
    if (plain.final.length === 0 || bn.final.length === 0)
      return `${rate} ${plain.final.length === 0 ? "the plain net" : "BN"} diverged`;
    const points = 100 * (mean(bn.final) - mean(plain.final));
    return `${rate} BN ends ${Math.abs(points).toFixed(2)} points ${points < 0 ? "lower" : "higher"} than the plain net (${countOf(bn.steps)} steps against ${countOf(plain.steps)})`;
  });
  const stable = rows.every(({ diverged }) => diverged === 0);
  const unlike = stable
    ? " No network diverged: unlike the paper's Inception, this shallow plain net gains from higher rates too."
    : "";
  return `Rate by rate: ${compared.join("; ")}.${unlike}`;
}

/** What else was measured, a sentence each, by subject. */
export function sentences(document) {
  const said = {};
  said.rates = ratesSentence(document);
  const cell = atFactor(document, true, 1);
  if (cell.length > 0) {
    const all = (pick) => percent(mean(cell.map(pick)));
    const { before, after } = cell[0].folded;
    said.statistics = `Statistics, mean of ${cell.length} BN nets: of each test batch of 60 ${all((arm) => arm.batch.accuracy)}, moving average ${all((arm) => arm.movingAverage.accuracy)}, Algorithm 2 ${all((arm) => arm.population.accuracy)}, folded ${all((arm) => arm.folded.accuracy)} (${before.nodes} nodes to ${after.nodes}, as many as the plain net).`;
  }
  const { ensemble } = document;
  if (ensemble) {
    said.ensemble = `Ensemble of ${ensemble.members.length} BN nets: ${percent(ensemble.accuracy)}; its members ${ensemble.members.map(percent).join(", ")}.`;
  }
  const pairOf = (arms) => {
    const of = (normalized) => spreadOf(finals(arms.filter((arm) => arm.settings.normalized === normalized)));
    return `plain ${of(false)}, BN ${of(true)}`;
  };
  const seedCount = (arms) => {
    const { size } = new Set(arms.map(({ settings }) => settings.seed));
    return size === 1 ? "one seed" : `${size} seeds`;
  };
  const populationOf = (arms) => {
    const values = arms.flatMap(({ population }) => population?.accuracy ?? []);
    return values.length === 0 ? "" : `; with Algorithm 2's statistics ${spreadOf(values)}`;
  };
  const cnn = select(document, { name: "cnn" });
  if (cnn.length > 0) {
    said.cnn = `Sigmoid CNN of six convolutions, ${thousands(cnn[0].settings.steps)} steps, ${seedCount(cnn)}: ${pairOf(cnn)}${populationOf(cnn)}.`;
  }
  const dropout = select(document, { name: "dropout" });
  if (dropout.length > 0) {
    const seeds = new Set(dropout.map(({ settings }) => settings.seed));
    const without = [false, true]
      .flatMap((normalized) => atFactor(document, normalized, 1))
      .filter(({ settings }) => seeds.has(settings.seed));
    said.dropout = `Dropout ${dropout[0].settings.dropout} after each hidden layer, ${seedCount(dropout)}: ${pairOf(dropout)}; without it ${pairOf(without)}.`;
  }
  return said;
}

/** The README's table and sentences. */
export function tableOf(document) {
  return [accuracyTable(document), "", ...Object.values(sentences(document))].join("\n");
}

/** Of a BN net what its sigmoid sees in training: normalized by the images that are watched. */
export const watchedOf = (arm) => arm.batchPercentiles ?? arm.percentiles;

/** The seeds whose BN net was watched as in training; all, where none was. */
function seedsWatchedAlike(document) {
  const list = atFactor(document, true, 1);
  const watched = list.filter((arm) => arm.batchPercentiles !== undefined);
  return (watched.length > 0 ? watched : list).map(({ settings }) => settings.seed);
}

/** How far the median moves, in units of the spread, from the start on and after a tenth of the training. */
export function driftSentence(document) {
  const drift = (arm, from) => {
    const points = watchedOf(arm).filter(({ step }) => step >= from);
    const medians = points.map(({ values }) => values[1]);
    const spread = mean(points.map(({ values }) => values[2] - values[0]));
    return (Math.max(...medians) - Math.min(...medians)) / spread;
  };
  const spreadAt = (list, step) =>
    mean(
      list.flatMap((arm) => {
        const values = watchedOf(arm).find((point) => point.step === step)?.values;
        return values === undefined ? [] : values[2] - values[0];
      }),
    ).toFixed(2);
  const settled = document.steps / 10;
  const seeds = seedsWatchedAlike(document);
  const of = (normalized) => {
    const list = atFactor(document, normalized, 1).filter(({ settings }) => seeds.includes(settings.seed));
    const [all, late] = [0, settled].map((from) => mean(list.map((arm) => drift(arm, from))).toFixed(2));
    const steps = [0, settled, document.steps].map((step) => spreadAt(list, step));
    return `${normalized ? "BN" : "plain"}: the median moves within ${all} spreads over the whole training, ${late} after step ${thousands(settled)}; the spread itself is ${steps[0]} at the start, ${steps[1]} at step ${thousands(settled)}, ${steps[2]} at the end`;
  };
  const whose = seeds.length === 1 ? `Seed ${seeds[0]}.` : `Means of ${seeds.length} seeds.`;
  return `The spread is the distance from the 15th to the 85th percentile. ${of(false)}. ${of(true)}. ${whose}`;
}

/** The grid at the step that all of its cells reached. */
export function gridTable(document) {
  const { grid, gridSteps } = document;
  const rows = grid.std.flatMap((std) =>
    grid.learningRate.map((learningRate) => {
      const cellOf = (normalized) => {
        const list = select(document, { name: "cell", std, learningRate, normalized });
        const values = list.flatMap(
          (arm) => arm.curve.find(({ step }) => step === gridSteps)?.accuracy ?? [],
        );
        if (list.length === 0) return "not run";
        return `${spreadOf(values)}, ${values.length} seed${values.length === 1 ? "" : "s"}`;
      };
      const chosen = same(std, document.cell.std) && same(learningRate, document.cell.learningRate);
      return `| ${std} | ${learningRate}${chosen ? " (the shown cell)" : ""} | ${cellOf(false)} | ${cellOf(true)} |`;
    }),
  );
  return [
    `| init std | learning rate | plain, after ${thousands(gridSteps)} steps | BN |`,
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** What was not run, kind by kind. */
export function missingText({ missing }) {
  if (missing.length === 0) return "";
  const texts = missing.map(({ name, normalized, std, learningRate, seed }) =>
    [
      name === "cell" ? "" : `${name} `,
      `${normalized ? "BN" : "plain"} std ${std} rate ${learningRate} seed ${seed}`,
    ].join(""),
  );
  return `<p><b>Not run</b>, for want of time: ${texts.join("; ")}.</p>`;
}
