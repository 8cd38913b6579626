import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { NormfoldError } from "../../base/errors.js";
import { LABELS } from "../../data/bind.js";
import type { SampleSource } from "../../data/sampled.js";
import { tensorFromBigInts } from "../../ir/tensor.js";
import type { RuntimeTensor } from "../../runtime/runtime.js";
import { errors } from "../errors.js";
import { guarded } from "../guarded.js";
import { assertRegularFile } from "../source.js";

const IMAGE = /\.(png|jpe?g)$/i;

/** How files of these formats begin. sharp reads others too, some of which hold programs or point to other files. */
const MAGIC: readonly (readonly number[])[] = [
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
];

/** Pixels of an image, as its header says; a header may say four thousand million. The largest cameras have 150 million. */
const MOST_PIXELS = 2 ** 28;
/** Images decoded at the same time. */
const AT_ONCE = 8;
/** Pixels of a sample whose size the model leaves open, and thus the first image decides. */
const MOST_OPEN_PIXELS = 2 ** 24;

/** The size that images are brought to. Where a size is undefined, it is that of the first image. */
export interface ImageSize {
  readonly height: number | undefined;
  readonly width: number | undefined;
  readonly channels: number;
}

/** True for a folder that holds images, or folders that do. */
export function isImageFolder(folder: string): boolean {
  return listImages(folder).length > 0;
}

interface ImageFile {
  readonly path: string;
  readonly label: number | undefined;
}

/** Images in the order of their names. Those of sub-folders have the place of their folder in the alphabet as label. */
function listImages(folder: string): readonly ImageFile[] {
  const names = guarded(folder, "read", () => readdirSync(folder)).sort();
  const images = names.filter((name) => IMAGE.test(name));
  if (images.length > 0) return images.map((name) => ({ path: join(folder, name), label: undefined }));
  const classes = names.map((name) => join(folder, name)).filter(isFolder);
  return classes.flatMap((path, label) =>
    guarded(path, "read", () => readdirSync(path))
      .sort()
      .filter((image) => IMAGE.test(image))
      .map((image) => ({ path: join(path, image), label })),
  );
}

/**
 * A folder of PNG and JPEG images as samples [height, width, channels] of uint8. Each is resized by its shorter side
 * and cut to the middle.
 */
export async function imageSource(folder: string, size: ImageSize): Promise<SampleSource> {
  const files = listImages(folder);
  const sharp = await loadSharp();
  const { channels } = size;
  let { height, width } = size;
  const [first] = files;
  if (first !== undefined && (height === undefined || width === undefined)) {
    assertImage(first.path);
    const meta = await sharp(first.path, { limitInputPixels: MOST_PIXELS })
      .metadata()
      .catch((error: unknown) => {
        throw unreadable(first.path, error);
      });
    height ??= meta.height;
    width ??= meta.width;
    if (height * width > MOST_OPEN_PIXELS)
      throw errors.imageIsTooLarge(height, width).at({ file: first.path });
  }
  const sizes = { height: height ?? 0, width: width ?? 0, channels };
  const isLabelled = first?.label !== undefined;
  const shape = [sizes.height, sizes.width, channels];
  return {
    size: files.length,
    fields: [
      { name: "arr_0", dtype: "uint8", shape },
      ...(isLabelled ? [{ name: LABELS, dtype: "int64" as const, shape: [] }] : []),
    ],
    async read(at) {
      const chosen = [...at].flatMap((index) => files[index] ?? []);
      const each = sizes.height * sizes.width * channels;
      const data = new Uint8Array(chosen.length * each);
      // Decoding runs in other threads. A few images at a time keep these busy and need little memory.
      for (let start = 0; start < chosen.length; start += AT_ONCE) {
        const part = chosen.slice(start, start + AT_ONCE);
        const decoded = await Promise.all(part.map(({ path }) => decode(sharp, path, sizes)));
        decoded.forEach((pixels, i) => {
          data.set(pixels, (start + i) * each);
        });
      }
      const pixels: RuntimeTensor = { dtype: "uint8", dims: [chosen.length, ...shape], data };
      const tensors = new Map([["arr_0", pixels]]);
      if (isLabelled) {
        const labels = tensorFromBigInts(
          [chosen.length],
          chosen.map(({ label }) => BigInt(label ?? 0)),
        );
        tensors.set(LABELS, { dtype: "int64", dims: [chosen.length], data: labels.bytes() });
      }
      return tensors;
    },
    close: () => Promise.resolve(),
  };
}

type Sharp = typeof import("sharp")["default"];

async function loadSharp(): Promise<Sharp> {
  try {
    const { default: sharp } = await import("sharp");
    return sharp;
  } catch (error) {
    throw errors.sharpIsMissing().because(error);
  }
}

async function decode(
  sharp: Sharp,
  path: string,
  { height, width, channels }: { readonly height: number; readonly width: number; readonly channels: number },
): Promise<Uint8Array> {
  assertImage(path);
  try {
    const options = { failOn: "error", limitInputPixels: MOST_PIXELS, sequentialRead: true } as const;
    const image = sharp(path, options).rotate().resize({ height, width, fit: "cover" });
    const coloured = channels === 1 ? image.greyscale() : image.toColourspace("srgb");
    const flat = channels === 4 ? coloured.ensureAlpha() : coloured.removeAlpha();
    const { data, info } = await flat.raw().toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new Error(`it has ${info.channels} channels, not ${channels}`);
    return data;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function isFolder(path: string): boolean {
  return guarded(path, "read", () => statSync(path).isDirectory());
}

/** A pipe under an image's name would never end. */
function assertImage(path: string): void {
  assertRegularFile(path);
  const start = new Uint8Array(4);
  guarded(path, "read", () => {
    const descriptor = openSync(path, "r");
    try {
      readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  });
  if (!MAGIC.some((magic) => magic.every((byte, at) => start[at] === byte))) {
    throw errors.fileIsNotImage().at({ file: path });
  }
}

function unreadable(file: string, error: unknown): NormfoldError {
  const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  return errors.imageIsUnreadable(reason).at({ file });
}
