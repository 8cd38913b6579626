import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import type { Value } from "../../src/ir/graph.js";
import { type DataPort, readFeeds, testDataFolders } from "../../src/node/feeds.js";
import { openModelFile } from "../../src/node/files.js";
import { raiseOpset } from "../../src/opset/raise.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { compareTensors } from "../../src/runtime/compare.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { raise } from "../support/raise.js";
import { SHARED } from "../support/runtime.js";

/** Every nth of ONNX's operator tests, which are many. */
const STRIDE = 12;
const HIGHEST_RUN = 24;

function modelsIn(folder: string): string[] {
  if (SHARED === undefined) return [];
  const at = join(SHARED, folder);
  return readdirSync(at)
    .map((name) => join(at, name, "model.onnx"))
    .filter((path) => existsSync(path));
}

/** Compares the raised model's outputs for the stored inputs with the stored outputs; undefined where it does not run here. */
async function againstStored(path: string): Promise<readonly string[] | undefined> {
  const original = openModelFile(path);
  const raised = raise(original, Math.max(HIGHEST_RUN, original.opset() ?? 1));
  const ports = {
    inputs: original.graph.inputs.filter((value) => value.tensor === undefined).map(portOf),
    outputs: original.graph.outputs.map(portOf),
  };
  try {
    const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(raised) });
    const differing: string[] = [];
    for (const { feeds, expected } of testDataFolders(path).flatMap((folder) => readFeeds(folder, ports))) {
      const outputs = await session.run(feeds);
      for (const [name, stored] of expected ?? []) {
        const output = outputs.get(name);
        if (output === undefined) differing.push(`${path}: ${name} is missing`);
        else {
          const { mismatch, nonFinite, maxAbsolute, scale } = compareTensors(stored, output);
          if (mismatch !== undefined || nonFinite > 0 || maxAbsolute > 1e-3 * Math.max(scale, 1))
            differing.push(`${path}: ${name} ${mismatch ?? `differs by ${maxAbsolute}`}`);
        }
      }
    }
    await session.close();
    return differing;
  } catch (error) {
    // No kernel in onnxruntime, or data that its interface does not carry; the original fares no better.
    if (error instanceof NormfoldError && error.code !== "internal") return undefined;
    throw error;
  }
}

function portOf({ name, type }: Value): DataPort {
  return { name, dtype: type?.kind === "tensor" ? type.dtype : undefined };
}

describe.skipIf(SHARED === undefined)("models of ../shared (skipped without that folder)", () => {
  it("of opset 6, which onnxruntime does not all run as they are, give the stored outputs", async () => {
    const paths = modelsIn("onnx-backend/pytorch-converted").filter((_, index) => index % 4 === 0);
    expect(paths.length).toBeGreaterThan(19);
    for (const path of paths) expect(await againstStored(path)).toEqual([]);
  });

  it("of single operators give the stored outputs", async () => {
    const passing = readFileSync(join(SHARED ?? "", "onnx-node", "onnxruntime-1.30-status.tsv"), "utf8")
      .split("\n")
      .flatMap((line) => (line.endsWith("\tpass") ? line.slice(0, line.indexOf("\t")) : []));
    const sample = new Set(passing.filter((_, index) => index % STRIDE === 0));
    const paths = modelsIn("onnx-node").filter((path) => sample.has(basename(dirname(path))));
    const results: (readonly string[] | undefined)[] = [];
    for (const path of paths) results.push(await againstStored(path));
    expect(results.length).toBeGreaterThan(60);
    // Kinds of data that its interface for JavaScript does not carry: sequences, packed integers.
    expect(results.filter((differing) => differing === undefined).length).toBeLessThan(5);
    expect(results.flatMap((differing) => differing ?? [])).toEqual([]);
  });

  it("of real networks are raised whole, or refused with a sentence", () => {
    const refused: string[] = [];
    for (const name of readdirSync(join(SHARED ?? "", "real")).filter((file) => file.endsWith(".onnx"))) {
      const model = openModelFile(join(SHARED ?? "", "real", name));
      try {
        raiseOpset(model, Math.max(21, model.opset() ?? 1));
      } catch (error) {
        if (!(error instanceof NormfoldError)) throw error;
        refused.push(error.describe());
      }
    }
    expect(refused).toEqual([
      'ImageScaler "scalerPreprocessor": cannot be raised to opset 21: the operator is not one of the standard domain',
    ]);
  });
});
