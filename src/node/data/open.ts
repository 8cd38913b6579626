import { readdirSync, statSync } from "node:fs";
import { basename } from "node:path";
import { present } from "../../base/assert.js";
import { memorySource } from "../../base/bytes.js";
import { bindDataset, LABELS, type Preparation, type Slot } from "../../data/bind.js";
import type { Dataset } from "../../data/dataset.js";
import { errors as dataErrors } from "../../data/errors.js";
import {
  arraySource,
  joinSources,
  renameOnly,
  type SampleSource,
  sampledDataset,
} from "../../data/sampled.js";
import type { Dim } from "../../ir/type.js";
import { errors } from "../errors.js";
import { type DataPorts, readFeeds } from "../feeds.js";
import { guarded, placed } from "../guarded.js";
import { assertRegularFile } from "../source.js";
import { idxSource, npySource, npzSource } from "./arrays.js";
import { type ImageSize, imageSource, isImageFolder } from "./images.js";
import { moduleDataset } from "./module.js";

/** How the samples of a file are brought into the form that a network takes. */
export interface DatasetOptions extends Preparation {
  /** A file with the right answer for each sample: one array, in a format like that of the data. */
  readonly labels?: string;
  /** Seconds that a module may take to load, and for each sample. Default 30. */
  readonly moduleTimeout?: number;
}

/**
 * Opens data for the inputs `slots` of a model:
 *
 *   x.npy, x.npz        rows are samples; arrays by input name, or arr_0, arr_1, ...; an array "labels" is the labels
 *   x-idx3-ubyte[.gz]   MNIST's format
 *   a folder            of PNG and JPEG images, in sub-folders by class where there are labels; or of ONNX tensors,
 *                       input_0.pb and so on, itself or in test_data_set_* folders
 *   x.mjs, x.js         a module that exports an (async) iterable of samples; its code runs, in a thread of its own
 *
 * Samples are read when a batch needs them. Throws NormfoldError with the file and the fault.
 */
export async function openDataset(
  path: string,
  slots: readonly Slot[],
  { labels, moduleTimeout, ...preparation }: DatasetOptions = {},
): Promise<Dataset> {
  const isModule = /\.[cm]?js$/.test(path);
  try {
    if (isModule && labels !== undefined) throw errors.moduleGivesLabelsItself();
    if (isModule) assertRegularFile(path);
    const stored = isModule ? await moduleDataset(path, moduleTimeout) : await fromFiles(path, slots, labels);
    return located(bindDataset(stored, slots, preparation), path);
  } catch (error) {
    throw placed(error, path);
  }
}

/** The dataset, whose errors name the file. */
function located(dataset: Dataset, file: string): Dataset {
  return {
    ...dataset,
    async *batches(options) {
      try {
        yield* dataset.batches(options);
      } catch (error) {
        throw placed(error, file);
      }
    },
  };
}

async function fromFiles(path: string, slots: readonly Slot[], labels: string | undefined): Promise<Dataset> {
  const data = await openSamples(path, slots);
  if (labels === undefined) return sampledDataset(nonEmpty(data));
  const wanted = renameOnly(await openSamples(labels, []), LABELS);
  return sampledDataset(nonEmpty(joinSources([data, wanted])));
}

function nonEmpty(source: SampleSource): SampleSource {
  if (source.size === 0) throw dataErrors.dataHoldsNoSamples();
  return source;
}

async function openSamples(path: string, slots: readonly Slot[]): Promise<SampleSource> {
  const isFolder = guarded(path, "read", () => statSync(path).isDirectory());
  if (isFolder) {
    const names = guarded(path, "read", () => readdirSync(path));
    const isTensors = names.some((name) => /^test_data_set_\d+$/.test(name) || /^input_\d+\.pb$/.test(name));
    if (isTensors) return tensorFolderSource(path, slots);
    if (isImageFolder(path)) return imageSource(path, imageSize(slots));
    throw errors.folderHoldsNoData().at({ file: path });
  }
  if (path.endsWith(".npy")) return npySource(path);
  if (path.endsWith(".npz")) return npzSource(path);
  if (path.endsWith(".pb")) return tensorFolderSource(path, slots);
  if (/idx\d(-ubyte)?(\.gz)?$|\.idx(\.gz)?$/.test(basename(path)) || path.endsWith(".gz"))
    return idxSource(path);
  throw errors.dataFormatIsUnknown().at({ file: path });
}

/** The size of images, from the first input that is an image. */
function imageSize(slots: readonly Slot[]): ImageSize {
  const shape = slots.find((slot) => slot.shape?.length === 4)?.shape;
  const at = (axis: number): number | undefined => sizeOf(shape?.[axis]);
  const isChannels = (size: number | undefined): size is number => size === 1 || size === 3 || size === 4;
  const [first, last] = [at(1), at(3)];
  if (!isChannels(first) && isChannels(last)) return { height: at(1), width: at(2), channels: last };
  return { height: at(2), width: at(3), channels: isChannels(first) ? first : 3 };
}

function sizeOf(dim: Dim): number | undefined {
  return typeof dim === "number" ? dim : undefined;
}

/** ONNX's own test data. Every set is a batch, whose rows are samples. */
function tensorFolderSource(path: string, slots: readonly Slot[]): SampleSource {
  const ports: DataPorts = { inputs: slots.map(({ name, dtype }) => ({ name, dtype })), outputs: [] };
  const sets = readFeeds(path, ports).map(({ feeds }) =>
    arraySource(
      new Map(
        [...feeds].map(([name, { dtype, dims, data }]) => {
          if (!(data instanceof Uint8Array))
            throw errors.textCannotBeFed().at({ element: `input "${name}"` });
          return [name, { dtype, dims, source: memorySource(data), offset: 0 }];
        }),
      ),
    ),
  );
  return concatenated(sets);
}

function concatenated(sets: readonly SampleSource[]): SampleSource {
  const [first] = sets;
  if (first === undefined) throw dataErrors.dataHoldsNoSamples();
  const [only] = first.fields;
  for (const set of sets) {
    for (const { name, shape } of set.fields) {
      const other = first.fields.find((field) => field.name === name);
      if (other?.shape?.join() === shape?.join()) continue;
      throw errors.setSizesDiffer(name);
    }
  }
  if (sets.length === 1 || only === undefined) return first;
  const place = sets.flatMap((set) => Array.from({ length: set.size }, (_, row) => ({ set, row })));
  return {
    size: place.length,
    fields: first.fields,
    async read(at) {
      const rows = await Promise.all([...at].map((index) => readOne(place, index)));
      return new Map(
        first.fields.map(({ name, dtype, shape = [] }) => {
          const parts = rows.flatMap((row) => row.get(name) ?? []);
          const width = parts[0]?.data.length ?? 0;
          const data = new Uint8Array(width * parts.length);
          parts.forEach((part, index) => {
            if (part.data instanceof Uint8Array) data.set(part.data, index * width);
          });
          return [name, { dtype, dims: [parts.length, ...shape], data }];
        }),
      );
    },
    close: () => Promise.resolve(),
  };
}

function readOne(
  place: readonly { readonly set: SampleSource; readonly row: number }[],
  index: number,
): ReturnType<SampleSource["read"]> {
  const { set, row } = present(place[index], "a batch asks for samples that are there");
  return set.read(Uint32Array.of(row));
}
