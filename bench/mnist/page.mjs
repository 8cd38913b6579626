// The page: figures by Vega-Lite, each beside what the paper says.

import { parse, View } from "vega";
import { compile } from "vega-lite";

const percent = (part) => (part === undefined ? "-" : `${(100 * part).toFixed(2)} %`);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
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
const bestOf = (arm) => Math.max(...arm.curve.map(({ accuracy }) => accuracy));

/** The first step at which the mean of the seeds' curves reaches an accuracy; undefined: never. */
function stepsTo(list, accuracy) {
  const steps = list[0]?.curve.map(({ step }) => step) ?? [];
  return steps.find((step) => {
    const at = list.flatMap((arm) => arm.curve.find((point) => point.step === step)?.accuracy ?? []);
    return at.length === list.length && mean(at) >= accuracy;
  });
}

/** Everything the page and the README say, from the measurements. */
function summary(document) {
  const { cell } = document;
  const at = (normalized, factor) =>
    select(document, { name: "cell", normalized, std: cell.std, learningRate: cell.learningRate * factor });
  const plain = at(false, 1);
  const best = mean(plain.map(bestOf));
  const rows = [
    ["plain", plain],
    ["BN", at(true, 1)],
    ["BN x5", at(true, 5)],
    ["BN x30", at(true, 30)],
    ["plain x5", at(false, 5)],
    ["plain x30", at(false, 30)],
  ].filter(([, list]) => list.length > 0);
  return {
    best,
    rows: rows.map(([name, list]) => ({
      name,
      seeds: list.length,
      final: finals(list),
      highest: mean(list.map(bestOf)),
      steps: stepsTo(list, best),
      diverged: list.filter(({ diverged }) => diverged).length,
    })),
  };
}

/** The README's table. */
export function tableOf(document) {
  const { rows, best } = summary(document);
  const plainSteps = rows[0]?.steps;
  const lines = [
    `| network | learning rate | final test accuracy (${document.steps} steps) | steps to ${percent(best)}, the plain net's best | fewer by |`,
    "|---|---|---|---|---|",
    ...rows.map(({ name, final, steps, diverged }) => {
      const rate = document.cell.learningRate * Number(/x(\d+)/.exec(name)?.[1] ?? 1);
      const spread =
        final.length > 1 ? ` (${percent(Math.min(...final))} to ${percent(Math.max(...final))})` : "";
      const accuracy = final.length === 0 ? "diverged" : `${percent(mean(final))}${spread}`;
      const factor =
        steps === undefined || plainSteps === undefined || name === "plain"
          ? ""
          : `${(plainSteps / steps).toFixed(1)}x`;
      return `| ${name} | ${Number(rate.toFixed(6))} | ${accuracy}${diverged > 0 && final.length > 0 ? `, ${diverged} diverged` : ""} | ${steps ?? "never"} | ${factor} |`;
    }),
  ];
  const cell = select(document, { name: "cell", normalized: true, ...document.cell });
  if (cell.length > 0) {
    const all = (pick) => percent(mean(cell.map(pick)));
    lines.push(
      "",
      `Statistics, mean of ${cell.length} BN nets: batch ${all((arm) => arm.batch.accuracy)}, moving average ${all((arm) => arm.movingAverage.accuracy)}, Algorithm 2 ${all((arm) => arm.population.accuracy)}, folded ${all((arm) => arm.folded.accuracy)} (${cell[0].folded.before.nodes} nodes to ${cell[0].folded.after.nodes}).`,
    );
  }
  const { ensemble } = document;
  if (ensemble) {
    lines.push(
      `Ensemble of ${ensemble.members.length} BN nets: ${percent(ensemble.accuracy)}; its members ${ensemble.members.map(percent).join(", ")}.`,
    );
  }
  for (const [name, what] of [
    ["cnn", "Deep sigmoid CNN"],
    ["dropout", "With Dropout 0.2"],
  ]) {
    const arms = select(document, { name });
    if (arms.length === 0) continue;
    const of = (normalized) => {
      const values = finals(arms.filter((arm) => arm.settings.normalized === normalized));
      return values.length === 0 ? "-" : percent(mean(values));
    };
    lines.push(`${what}, ${arms[0].settings.steps} steps: plain ${of(false)}, BN ${of(true)}.`);
  }
  return lines.join("\n");
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
  const { cell } = document;
  const rows = select(document, { name: "cell", std: cell.std }).flatMap((arm) => {
    const factor = Math.round(arm.settings.learningRate / cell.learningRate);
    const name = `${arm.settings.normalized ? "BN" : "plain"}${factor === 1 ? "" : ` x${factor}`}`;
    return arm.curve.map(({ step, accuracy }) => ({ step, accuracy, network: name }));
  });
  return svg({
    width: 560,
    height: 320,
    data: { values: rows },
    layer: [
      {
        mark: { type: "errorband", extent: "extent", opacity: 0.2 },
        encoding: {
          x,
          y: { field: "accuracy", type: "quantitative", title: "" },
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
  const rows = select(document, { name: "cell", ...document.cell, seed: 1 }).flatMap((arm) =>
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

function gridTable(document) {
  const { grid } = document;
  const rows = grid.std.flatMap((std) =>
    grid.learningRate.map((learningRate) => {
      const cellOf = (normalized) => {
        const list = select(document, { name: "cell", std, learningRate, normalized });
        const values = finals(list);
        if (list.length === 0) return "not run";
        return values.length === 0
          ? "diverged"
          : `${percent(mean(values))} (${values.length} seed${values.length === 1 ? "" : "s"})`;
      };
      return `<tr><td>${std}</td><td>${learningRate}</td><td>${cellOf(false)}</td><td>${cellOf(true)}</td></tr>`;
    }),
  );
  return `<table><tr><th>init std</th><th>learning rate</th><th>plain</th><th>BN</th></tr>${rows.join("")}</table>`;
}

function htmlTable(markdown) {
  return markdown
    .split("\n\n")
    .map((block) => {
      if (!block.startsWith("|"))
        return block
          .split("\n")
          .map((line) => `<p>${line}</p>`)
          .join("");
      const rows = block.split("\n").filter((line) => !line.startsWith("|--"));
      const cells = (line, tag) =>
        `<tr>${line
          .slice(1, -1)
          .split("|")
          .map((text) => `<${tag}>${text.trim()}</${tag}>`)
          .join("")}</tr>`;
      return `<table>${rows.map((line, i) => cells(line, i === 0 ? "th" : "td")).join("")}</table>`;
    })
    .join("");
}

/** The page and its figures, by file name. */
export async function pageOf(document) {
  const figures = {
    accuracy: await accuracyFigure(document),
    percentiles: await percentileFigure(document),
    ...(select(document, { name: "cnn" }).length > 0 ? { cnn: await cnnFigure(document) } : {}),
  };
  const section = (title, paper, body) =>
    `<section><h2>${title}</h2>${body}<p class="paper"><b>The paper:</b> ${paper}</p></section>`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Batch Normalization on MNIST</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem}svg{max-width:100%;height:auto}
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #8888;padding:.25rem .6rem;text-align:left}.paper{border-left:4px solid #88f;padding-left:.8rem;opacity:.85}</style></head><body>
<h1>Batch Normalization on MNIST</h1>
<p>784-100-100-100-10, sigmoid, binarised digits, mini-batches of 60, plain SGD, ${document.steps} steps, trained by normfold on stock onnxruntime.
The shown cell (init std ${document.cell.std}, learning rate ${document.cell.learningRate}) was chosen before anything was run; both arms went over the same grid.
Test accuracy is that of the moving averages; ${document.seeds.length} seeds where nothing else is said; bands are all of them.
The paper states neither learning rate, optimizer, init std nor threshold.${document.missing.length > 0 ? ` Not run: ${document.missing.length} arms (${document.missing.slice(0, 12).join(", ")}).` : ""}</p>
${section("Test accuracy against steps (Figure 1a)", "the network with Batch Normalization trains faster and ends higher; no table of numbers is given. Its BN-x5 and BN-x30 are Inception on ImageNet, where BN-x5 needed 14 times fewer steps than the plain network's best; there the plain network at 5 times the rate reached machine infinity. The scale here is another.", figures.accuracy + htmlTable(tableOf(document)))}
${section("The input of one sigmoid of the last hidden layer (Figures 1b, 1c)", "15th, 50th and 85th percentiles of one typical sigmoid's input: without BN mean and variance drift, with BN they are much more stable.", `<p>Unit 7, seed 1, 1000 test images; for the BN net, what the normalization gives with its moving averages.</p>${figures.percentiles}`)}
${figures.cnn ? section("A deep sigmoid CNN", "Inception with sigmoids never rises above chance without BN and reaches 69.8 % with it (BN-x5-Sigmoid), on ImageNet.", figures.cnn) : ""}
${section("The grid", "nothing is said of how the settings were chosen.", gridTable(document))}
${section("Dropout, ensembles and statistics", "Dropout can be removed or reduced (4.2.1); an ensemble of six networks' mean probabilities is better than each (4.2.3: 20.1 % against 21.99 % top-1 error, multi-crop); population statistics are used in inference (Algorithm 2).", "<p>The lines below the first table.</p>")}
</body></html>
`;
  return { html, figures };
}
