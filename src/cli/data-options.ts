import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import type { Model } from "../index.js";
import type { Dataset, DatasetOptions } from "../train.js";
import { choice, parseCount, parseNumber, parseNumbers, parseSeed } from "./values.js";

/** What the commands that read data take. */
export interface DataFlags {
  readonly data?: string;
  readonly labels?: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly scale?: number;
  readonly layout?: "NCHW" | "NHWC";
  readonly batch?: number;
  readonly limit?: number;
  readonly seed?: number;
  readonly threads?: number;
}

/** Adds the options about data and how it is drawn. */
export function addDataOptions(command: Command, { required }: { readonly required: boolean }): Command {
  const about = "samples: .npy, .npz, idx, .pb, a folder of images or tensors, a module";
  if (required) command.requiredOption("--data <path>", about);
  else command.option("--data <path>", about);
  return command
    .option("--labels <path>", "what the model should say for each sample")
    .option("--scale <x>", "numbers are multiplied by this first, 1/255", parseNumber)
    .option("--mean <list>", "then this is subtracted, one number or one a channel", parseNumbers)
    .option("--std <list>", "and then divided by this", parseNumbers)
    .option(
      "--layout <layout>",
      "how the model wants images (default: as its input says)",
      choice("NCHW", "NHWC"),
    )
    .option("--batch <n>", "samples in a batch (default: 32)", parseCount)
    .option("--limit <n>", "use no more samples than this", parseCount)
    .option("--seed <n>", "draw the samples in an order of this seed", parseSeed)
    .option("--threads <n>", "threads of onnxruntime within an operator", parseCount);
}

/** How the stored numbers become the model's. */
export function datasetOptionsOf({ labels, mean, std, scale, layout }: DataFlags): DatasetOptions {
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(mean === undefined ? {} : { mean }),
    ...(std === undefined ? {} : { std }),
    ...(scale === undefined ? {} : { scale }),
    ...(layout === undefined ? {} : { layout }),
  };
}

/** How samples are drawn and run. */
export function runOptionsOf({ batch, limit, seed, threads }: DataFlags): {
  readonly batchSize?: number;
  readonly limit?: number;
  readonly seed?: number;
  readonly threads?: number;
} {
  return {
    ...(batch === undefined ? {} : { batchSize: batch }),
    ...(limit === undefined ? {} : { limit }),
    ...(seed === undefined ? {} : { seed }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/** Opens --data for a model. Throws "usage" where it was not given. */
export async function openDataFor(model: Model, flags: DataFlags): Promise<Dataset> {
  if (flags.data === undefined) {
    throw new NormfoldError("usage", "there is no data to take statistics from; give --data <path>");
  }
  const { openData } = await import("../train.js");
  return openData(model, flags.data, datasetOptionsOf(flags));
}
