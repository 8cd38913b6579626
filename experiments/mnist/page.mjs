// The page: figures and tables, each beside what the paper says.
import { accuracyFigure, cnnFigure, percentileFigure } from "./figures.mjs";
import {
  accuracyTable,
  driftSentence,
  gridTable,
  missingText,
  select,
  sentences,
  thousands,
} from "./findings.mjs";

function htmlTable(markdown) {
  const [head, , ...body] = markdown.split("\n");
  const row = (line, tag) => {
    const cells = line.slice(1, -1).split("|");
    return `<tr>${cells.map((text) => `<${tag}>${text.trim()}</${tag}>`).join("")}</tr>`;
  };
  return `<table>${row(head, "th")}${body.map((line) => row(line, "td")).join("")}</table>`;
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
    accuracy: await accuracyFigure(document, [1], [0.7, 1]),
    rates: await accuracyFigure(document, [1, ...document.factors], [0.94, 0.985]),
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
${section("Test accuracy against steps (Figure 1a)", "the network with BN trains faster and ends higher; Figure 1a is a plot without a table. BN-x5 and BN-x30 are of section 4.2, Inception on ImageNet: BN alone reached the plain network's best accuracy in less than half of its steps, BN-x5 in 14 times fewer, BN-x30 in 11.5 times fewer and ended highest; the plain network at 5 times its rate reached machine infinity. Here the same is asked of a small network on MNIST: the factors are not comparable, the directions are.", "<p>Lines are means, bands all seeds; the axis is the paper's, and below it is closer and with higher rates.</p>", figures.accuracy, figures.rates, htmlTable(accuracyTable(document)), text(said.rates))}
${section("The input of one sigmoid of the last hidden layer (Figures 1b, 1c)", "15th, 50th and 85th percentiles of the input of one typical sigmoid, on an axis from -2 to 2: without BN mean and variance change much over time, with BN they are much more stable.", `<p>Unit 7, seed ${seeds[0]}, over the first 1000 test digits; for the BN net as in training, normalized by the statistics of these digits. With the moving averages instead, a mean over about ten batches, the BN curves carry those averages' noise; a first run watched only that.</p>`, figures.percentiles, text(driftSentence(document)))}
${section("The grid", "nothing is said of how the settings were chosen.", htmlTable(gridTable(document)))}
${section("A deep sigmoid CNN", "Inception with sigmoids stays at chance without BN (never above 1 in 1000), and BN-x5-Sigmoid reaches 69.8 %, on ImageNet.", figures.cnn, text(said.cnn))}
${section("Dropout", "with BN, Dropout can be removed (4.2.1); no number is given for that change alone.", text(said.dropout))}
${section("An ensemble", "the mean of the probabilities of six networks has 20.1 % top-1 and 4.9 % top-5 error on ImageNet, a single one 21.99 % and 5.82 % (4.2.3).", text(said.ensemble))}
${section("Statistics for inference", "population statistics over many mini-batches, with the unbiased variance (Algorithm 2); moving averages to follow the accuracy while training. No comparison is given.", text(said.statistics))}
</body></html>
`;
  return { html, figures };
}
