// The page: figures by Vega-Lite, each beside what the paper says.

import { parse, View } from "vega";
import { compile } from "vega-lite";

const percent = (part) => (part === undefined ? "-" : `${(100 * part).toFixed(2)} %`);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const isFirst =
  ({ seeds }) =>
  ({ settings }) =>
    settings.seed === seeds[0];
const isPlain = ({ settings }) => !settings.normalized;

/** Arms of one kind with these settings, one a seed. */
function select({ arms }, wanted) {
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
const atFactor = (document, normalized, factor) =>
  select(document, {
    name: "cell",
    normalized,
    std: document.cell.std,
    learningRate: document.cell.learningRate * factor,
    steps: document.steps,
  });

const nameOf = (normalized, factor) => `${normalized ? "BN" : "plain"}${factor === 1 ? "" : ` x${factor}`}`;

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

const thousands = (count) => count.toLocaleString("en-US");

const countOf = (steps) => (steps === undefined ? "never" : thousands(steps));

/** The mean, and where there are several seeds the least and the greatest. */
function spreadOf(values) {
  if (values.length === 0) return "-";
  const range =
    values.length > 1 ? ` (${percent(Math.min(...values))} to ${percent(Math.max(...values))})` : "";
  return `${percent(mean(values))}${range}`;
}

/** Every table of the README: what was learned, and in how many steps. */
function accuracyTable(document) {
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
function sentences(document) {
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
  const cnn = select(document, { name: "cnn" });
  if (cnn.length > 0) {
    said.cnn = `Sigmoid CNN of six convolutions, ${thousands(cnn[0].settings.steps)} steps: ${pairOf(cnn)}.`;
  }
  const dropout = select(document, { name: "dropout" });
  if (dropout.length > 0) {
    const seeds = new Set(dropout.map(({ settings }) => settings.seed));
    const without = [false, true]
      .flatMap((normalized) => atFactor(document, normalized, 1))
      .filter(({ settings }) => seeds.has(settings.seed));
    said.dropout = `Dropout ${dropout[0].settings.dropout} after each hidden layer, ${seeds.size === 1 ? "one seed" : `${seeds.size} seeds`}: ${pairOf(dropout)}; without it ${pairOf(without)}.`;
  }
  return said;
}

/** The README's table and sentences. */
export function tableOf(document) {
  return [accuracyTable(document), "", ...Object.values(sentences(document))].join("\n");
}

async function svg(spec) {
  const view = new View(
    parse(
      compile({ $schema: "https://vega.github.io/schema/vega-lite/v6.json", background: "white", ...spec })
        .spec,
    ),
    { renderer: "none" },
  );
  return view.toSVG();
}

const x = { field: "step", type: "quantitative", title: "training steps" };

function accuracyFigure(document) {
  const order = [false, true].flatMap((normalized) =>
    [1, ...document.factors].map((factor) => ({ normalized, factor })),
  );
  const rows = order.flatMap(({ normalized, factor }) =>
    atFactor(document, normalized, factor).flatMap((arm) =>
      arm.curve.map(({ step, accuracy }) => ({ step, accuracy, network: nameOf(normalized, factor) })),
    ),
  );
  return svg({
    width: 560,
    height: 320,
    data: { values: rows },
    layer: [
      {
        mark: { type: "area", opacity: 0.2, clip: true },
        encoding: {
          x,
          y: { field: "accuracy", aggregate: "min", type: "quantitative" },
          y2: { field: "accuracy", aggregate: "max" },
          color: { field: "network" },
        },
      },
      {
        mark: { type: "line", clip: true },
        encoding: {
          x,
          y: {
            field: "accuracy",
            aggregate: "mean",
            type: "quantitative",
            title: "test accuracy",
            scale: { domain: [0.7, 1] },
          },
          color: { field: "network", title: "network" },
        },
      },
    ],
  });
}

function percentileFigure(document) {
  const shown = [false, true].flatMap((normalized) => atFactor(document, normalized, 1));
  const rows = shown.filter(isFirst(document)).flatMap((arm) =>
    arm.percentiles.flatMap(({ step, values }) =>
      values.map((value, i) => ({
        step,
        value,
        percentile: ["15th", "50th", "85th"][i],
        network: isPlain(arm) ? "plain" : "BN",
      })),
    ),
  );
  return svg({
    data: { values: rows },
    facet: { column: { field: "network", title: "", sort: ["plain", "BN"] } },
    spec: {
      width: 270,
      height: 260,
      mark: "line",
      encoding: {
        x,
        y: { field: "value", type: "quantitative", title: "input of one sigmoid" },
        color: { field: "percentile", title: "percentile" },
      },
    },
  });
}

function cnnFigure(document) {
  const rows = select(document, { name: "cnn" }).flatMap((arm) =>
    arm.curve.map(({ step, accuracy }) => ({ step, accuracy, network: isPlain(arm) ? "plain" : "BN" })),
  );
  return svg({
    width: 560,
    height: 260,
    data: { values: rows },
    mark: "line",
    encoding: {
      x,
      y: { field: "accuracy", aggregate: "mean", type: "quantitative", title: "test accuracy" },
      color: { field: "network" },
    },
  });
}

/** The grid at the step that all of its cells reached. */
function gridTable(document) {
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

function htmlTable(markdown) {
  const [head, , ...body] = markdown.split("\n");
  const row = (line, tag) => {
    const cells = line.slice(1, -1).split("|");
    return `<tr>${cells.map((text) => `<${tag}>${text.trim()}</${tag}>`).join("")}</tr>`;
  };
  return `<table>${row(head, "th")}${body.map((line) => row(line, "td")).join("")}</table>`;
}

/** What was not run, kind by kind. */
function missingText({ missing }) {
  if (missing.length === 0) return "";
  const texts = missing.map(({ name, normalized, std, learningRate, seed }) =>
    [
      name === "cell" ? "" : `${name} `,
      `${normalized ? "BN" : "plain"} std ${std} rate ${learningRate} seed ${seed}`,
    ].join(""),
  );
  return `<p><b>Not run</b>, for want of time: ${texts.join("; ")}.</p>`;
}

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:820px;margin:2rem auto;padding:0 1rem}
svg{max-width:100%;height:auto}svg .background{fill:transparent}svg text{fill:currentColor}
svg .role-axis-domain line,svg .role-axis-tick line{stroke:currentColor}
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #8888;padding:.25rem .6rem;text-align:left}
.paper{border-left:4px solid #88f;padding-left:.8rem;opacity:.85}`;

/** The page and its figures, by file name. */
export async function pageOf(document) {
  const { cell, seeds, steps } = document;
  const figures = {
    accuracy: await accuracyFigure(document),
    percentiles: await percentileFigure(document),
    ...(select(document, { name: "cnn" }).length > 0 ? { cnn: await cnnFigure(document) } : {}),
  };
  const said = sentences(document);
  const section = (title, paper, ...body) =>
    body.includes(undefined)
      ? ""
      : `<section><h2>${title}</h2>${body.join("\n")}<p class="paper"><b>The paper:</b> ${paper}</p></section>`;
  const text = (sentence) => sentence && `<p>${sentence}</p>`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Batch Normalization on MNIST</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body>
<h1>Batch Normalization on MNIST</h1>
<p>Section 4.1 of Ioffe and Szegedy (arXiv 1502.03167), trained by normfold on stock onnxruntime, one thread: 784-100-100-100-10, sigmoid,
binarised digits, mini-batches of 60, cross-entropy, plain SGD at a constant rate, ${thousands(steps)} steps; with BN, a normalization before each hidden sigmoid.
A plain net and a BN net of one seed start from the same weights and see the same batches.</p>
<p>The paper states neither learning rate, optimizer, init std nor the threshold of the binary images. The shown cell, init std ${cell.std} and learning rate ${cell.learningRate},
was fixed before any net saw MNIST; a pilot on other digits (8x8) had shown the paper's shape there, so it is not a random choice. The whole grid is below, the same for both nets.
Accuracy is on the 10,000 test digits, by which no setting was picked; BN nets use their moving averages. Means of ${seeds.length} seeds where nothing else is said, and the least and the greatest.</p>
${missingText(document)}
${section("Test accuracy against steps (Figure 1a)", "the network with BN trains faster and ends higher; Figure 1a is a plot without a table. BN-x5 and BN-x30 are of section 4.2, Inception on ImageNet: BN alone reached the plain network's best accuracy in less than half of its steps, BN-x5 in 14 times fewer, BN-x30 in 11.5 times fewer and ended highest; the plain network at 5 times its rate reached machine infinity. Here the same is asked of a small network on MNIST: the factors are not comparable, the directions are.", "<p>Lines are means, bands all seeds.</p>", figures.accuracy, htmlTable(accuracyTable(document)), text(said.rates))}
${section("The input of one sigmoid of the last hidden layer (Figures 1b, 1c)", "15th, 50th and 85th percentiles of the input of one typical sigmoid, on an axis from -2 to 2: without BN mean and variance change much over time, with BN they are much more stable.", `<p>Unit 7, seed ${seeds[0]}, over the first 1000 test digits; for the BN net, what the normalization gives with its moving averages.</p>`, figures.percentiles)}
${section("The grid", "nothing is said of how the settings were chosen.", htmlTable(gridTable(document)))}
${section("A deep sigmoid CNN", "Inception with sigmoids stays at chance without BN (never above 1 in 1000), and BN-x5-Sigmoid reaches 69.8 %, on ImageNet.", figures.cnn, text(said.cnn))}
${section("Dropout", "with BN, Dropout can be removed (4.2.1); no number is given for that change alone.", text(said.dropout))}
${section("An ensemble", "the mean of the probabilities of six networks has 20.1 % top-1 and 4.9 % top-5 error on ImageNet, a single one 21.99 % and 5.82 % (4.2.3).", text(said.ensemble))}
${section("Statistics for inference", "population statistics over many mini-batches, with the unbiased variance (Algorithm 2); moving averages to follow the accuracy while training. No comparison is given.", text(said.statistics))}
</body></html>
`;
  return { html, figures };
}
