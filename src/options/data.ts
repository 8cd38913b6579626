/** The source of samples. */
export const DATA = {
  /** A file or folder with samples. */
  data: {
    flag: "--data <path>",
    help: "samples: .npy, .npz, idx, .pb, a folder of images or tensors, or a JavaScript module, whose code runs",
    type: "text",
    idleWith: [{ option: "init", is: ["fresh"] }],
    group: "Data",
  },
} as const;

/** How stored numbers are converted for the model's inputs. */
export const PREPARATION = {
  /** A file like the data's, with the label of each sample. */
  labels: {
    flag: "--labels <path>",
    help: "the label of each sample",
    type: "text",
    needs: [{ option: "data" }],
    group: "Data",
  },
  /** Numbers are multiplied by this first. */
  scale: {
    flag: "--scale <x>",
    help: "multiply the numbers by this first, 1/255",
    type: "number",
    needs: [{ option: "data" }],
    group: "Data",
  },
  /** One number, or one for each channel, which is subtracted then. */
  mean: {
    flag: "--mean <list>",
    help: "then subtract this: one number, or one a channel",
    type: "numbers",
    needs: [{ option: "data" }],
    group: "Data",
  },
  /** One number, or one for each channel, by which the difference is divided. */
  std: {
    flag: "--std <list>",
    help: "and then divide by this",
    type: "numbers",
    needs: [{ option: "data" }],
    group: "Data",
  },
  /** The order of dimensions of the model's images. Default: taken from the shape of its input. */
  layout: {
    flag: "--layout <layout>",
    help: "how the model wants images",
    type: "choice",
    choices: ["NCHW", "NHWC"],
    defaultText: "as its input says",
    needs: [{ option: "data" }],
    group: "Data",
  },
} as const;

/** How long a module with samples is waited for. */
export const MODULE = {
  /** Seconds that a module may take to load, and for each sample. Default 30. */
  moduleTimeout: {
    flag: "--module-timeout <s>",
    help: "seconds that a module may take to load, and for each sample",
    type: "number",
    above: 0,
    to: 86_400,
    default: 30,
    needs: [{ option: "data" }],
    group: "Data",
  },
} as const;

/** How samples are drawn and run. */
export const DRAWING = {
  /** Samples in a batch. Default: as many as the model's inputs fix, else 32, or all where there are fewer. */
  batchSize: {
    flag: "--batch <n>",
    help: "samples in a batch",
    type: "whole",
    from: 1,
    defaultText: "as many as the model fixes, else 32",
    needs: [{ option: "data" }],
    group: "Data",
  },
  /** Shuffle the samples with this seed. Default: the order of the dataset. */
  seed: {
    flag: "--seed <n>",
    help: "draw the samples in an order of this seed",
    type: "whole",
    from: 0,
    to: 4_294_967_295,
    needs: [{ option: "data" }],
    group: "Data",
  },
  /** Threads within an operator. Default: the runtime's own choice. */
  threads: {
    flag: "--threads <n>",
    help: "threads of onnxruntime within an operator",
    type: "whole",
    from: 1,
    needs: [{ option: "data" }],
    group: "Data",
  },
} as const;

/** The part of the data to use; a training uses all of it. */
export const LIMIT = {
  /** Use no more samples than this. Default: all. */
  limit: {
    flag: "--limit <n>",
    help: "use no more samples than this",
    type: "whole",
    from: 1,
    needs: [{ option: "data" }],
    group: "Data",
  },
} as const;
