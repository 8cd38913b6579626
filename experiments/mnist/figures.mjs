// The figures, by Vega-Lite.
import { parse, View } from "vega";
import { compile } from "vega-lite";
import { atFactor, isFirst, isPlain, select, watchedOf } from "./findings.mjs";

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

/** BN nets are drawn solid, plain ones dashed; a learning rate has one colour in both. */
export function accuracyFigure(document, factors, domain) {
  const rows = [false, true].flatMap((normalized) =>
    factors.flatMap((factor) =>
      atFactor(document, normalized, factor).flatMap((arm) =>
        arm.curve.map(({ step, accuracy }) => ({
          step,
          accuracy,
          rate: `${Number((document.cell.learningRate * factor).toFixed(6))}`,
          network: normalized ? "BN" : "plain",
        })),
      ),
    ),
  );
  const y = { field: "accuracy", type: "quantitative", title: "test accuracy", scale: { domain } };
  const color = { field: "rate", title: "learning rate", legend: { symbolType: "stroke", symbolOpacity: 1 } };
  return svg({
    width: 560,
    height: 320,
    data: { values: rows },
    layer: [
      {
        mark: { type: "area", opacity: 0.15, clip: true },
        encoding: {
          x,
          y: { ...y, aggregate: "min" },
          y2: { field: "accuracy", aggregate: "max" },
          color,
          detail: { field: "network" },
        },
      },
      {
        mark: { type: "line", clip: true },
        encoding: {
          x,
          y: { ...y, aggregate: "mean" },
          color,
          strokeDash: {
            field: "network",
            title: "network",
            scale: {
              domain: ["BN", "plain"],
              range: [
                [1, 0],
                [5, 3],
              ],
            },
          },
        },
      },
    ],
  });
}

export function percentileFigure(document) {
  const shown = [false, true].flatMap((normalized) => atFactor(document, normalized, 1));
  const rows = shown.filter(isFirst(document)).flatMap((arm) =>
    watchedOf(arm).flatMap(({ step, values }) =>
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

export function cnnFigure(document) {
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
