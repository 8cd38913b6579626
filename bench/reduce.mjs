// npm run bench:reduce: models that `reduce` leaves of networks with a fault in one place. Planted: a pass whose one rewrite, in the
// middle of its work, goes wrong afterwards. Real: what onnxruntime 1.30 crashes on, behind a network. ONLY=levit for rows with that
// in their name. The rules broken in test/mutants: NORMFOLD_ALL=1 npx vitest run test/mutants/reduce.test.ts
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  cloneModel,
  constantTensor,
  isRefusal,
  loadModel,
  optimize,
  PASSES,
  predicateOf,
  reduce,
  tensorFromNumbers,
  tensorType,
} from "../dist/src/index.js";
import { table } from "./measure.mjs";

const models = fileURLToPath(new URL("../models", import.meta.url));
const isolation = "process";

/** The pass, and the network. */
const PLANTED = [
  ["fold-affine-up", "zoo/densenet_small.onnx"],
  ["fold-affine-up", "zoo/shufflenet_v2_x0_5.onnx"],
  ["fold-affine-up", "zoo/resnet_bottleneck_small.onnx"],
  ["fold-affine-down", "zoo/convmixer_small.onnx"],
  ["fold-affine-down", "zoo/levit_small.onnx"],
  ["merge-view-chains", "zoo/levit_small.onnx"],
  ["merge-parallel-branches", "zoo/mobileone_small.onnx"],
  ["merge-linear-chains", "zoo/mobilenet_v3_small.onnx"],
  ["simplify-reshape", "zoo/shufflenet_v2_x0_5.onnx"],
  ["merge-parallel-branches", "zoo/repvgg_small.onnx"],
];

/** The passes, one of which breaks the node that one of its rewrites makes. */
function broken(name, place) {
  const match = (rule) => (node, view) => {
    const right = rule.match(node, view);
    const output = node.output(0)?.name;
    if (right === undefined || isRefusal(right) || output !== place) return right;
    const { graph } = node;
    const apply = (rewriter) => {
      right.apply(rewriter);
      spoil(
        [...graph.nodes()].find((made) => made.output(0)?.name === output),
        rewriter,
      );
    };
    return { ...right, apply };
  };
  return PASSES.map((pass) =>
    pass.name === name
      ? { ...pass, rules: pass.rules.map((rule) => ({ ...rule, match: match(rule) })) }
      : pass,
  );
}

/** Changes a constant of a node, or what else it has. */
function spoil(node, rewriter) {
  for (let index = node.inputs.length - 1; index > 0; index--) {
    const tensor = constantTensor(node.input(index));
    if (tensor === undefined) continue;
    const [first, ...rest] = tensor.toFloat64();
    const numbers = tensor.dtype === "int64" ? [first, ...rest].reverse() : [first * 1.5 + 1, ...rest];
    return rewriter.setConstant(node, index, tensorFromNumbers(tensor.dtype, tensor.dims, numbers), "spoilt");
  }
  rewriter.setAttribute(node, "keepdims", 0);
}

async function planted([pass, file]) {
  const model = await loadModel(`${models}/${file}`);
  const { report } = await optimize(model, { check: false, isolation });
  const records = report.rewrites.filter((record) => record.pass === pass);
  const place = records[Math.floor(records.length / 2)]?.key;
  return {
    name: `${pass} in ${file}`,
    model,
    predicate: predicateOf(`undone:${pass}`, { isolation, passes: broken(pass, place) }),
  };
}

/** A network with nodes behind its first output, on which onnxruntime crashes. */
async function crashing(name, file, add) {
  const model = cloneModel(await loadModel(`${models}/${file}`));
  add(model.graph, model.graph.outputs[0]);
  return { name: `${name} behind ${file}`, model, predicate: predicateOf("crash", { isolation }) };
}

const ints = (...numbers) => tensorFromNumbers("int64", [numbers.length], numbers);

const REAL = [
  () =>
    crashing("SIGSEGV, statistics without names,", "zoo/densenet_small.onnx", (graph, from) => {
      const size = from.type.shape[1];
      const ones = graph.addInitializer(
        graph.freshName("ones"),
        tensorFromNumbers("float", [size], Array(size).fill(1)),
      );
      const inputs = [from, ones, ones, ones, ones];
      const attributes = { training_mode: 1 };
      const node = graph.addNode({
        opType: "BatchNormalization",
        inputs,
        outputs: ["bn", null, null],
        attributes,
      });
      graph.setOutputs([node.output(0)]);
      node.output(0).info = { name: "bn", type: from.type };
    }),
  () =>
    crashing("SIGABRT, a rank declared wrong,", "zoo/mobilenet_v2_025.onnx", (graph, from) => {
      const none = graph.addInitializer("none", tensorFromNumbers("bool", [0], []));
      const cast = graph
        .addNode({ opType: "Cast", inputs: [from], outputs: ["cast"], attributes: { to: 9 } })
        .output(0);
      cast.info = { name: "cast", type: tensorType("bool", [2]) };
      const concat = graph.addNode({
        opType: "Concat",
        inputs: [none, cast],
        outputs: ["all"],
        attributes: { axis: 0 },
      });
      concat.output(0).info = { name: "all", type: tensorType("bool", [undefined, undefined]) };
      graph.setOutputs([concat.output(0)]);
    }),
  () =>
    crashing("SIGFPE, a TopK of no rows,", "zoo/resnet18_w16.onnx", (graph, from) => {
      const [zero, two] = [graph.addInitializer("zero", ints(0)), graph.addInitializer("two", ints(2))];
      const rows = graph
        .addNode({ opType: "Slice", inputs: [from, zero, zero, zero], outputs: ["rows"] })
        .output(0);
      const top = graph.addNode({ opType: "TopK", inputs: [rows, two], outputs: ["top", "places"] });
      top.output(0).info = { name: "top", type: tensorType("float", [undefined, undefined]) };
      graph.setOutputs([top.output(0)]);
    }),
];

const rows = [];
for (const make of [...PLANTED.map((row) => () => planted(row)), ...REAL]) {
  const { name, model, predicate } = await make();
  if (!name.includes(process.env.ONLY ?? "")) continue;
  const started = performance.now();
  try {
    const { report } = await reduce(model, predicate.observe, { ...predicate, isolation });
    const seconds = (performance.now() - started) / 1000;
    const { before, after, tries, status } = report;
    rows.push([name, `${before.nodes} → ${after.nodes}`, String(tries), `${seconds.toFixed(1)} s`, status]);
    console.error(rows.at(-1).join("  "));
  } catch (error) {
    console.error(`${name}: ${error.message.split("\n")[0]}`);
  }
}
table(["fault", "nodes", "tries", "time", ""], rows);
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
console.log(`\nnormfold ${version}: ${rows.length} faults.`);
process.exit(0);
