import { LOAD, PRINTING, TARGET } from "./common.js";
import { DATA, DRAWING, MODULE, PREPARATION } from "./data.js";
import { HEADS } from "./heads.js";
import type { CommandSpec } from "./spec.js";

/** The loss, the optimizer and the schedule, flat as the command line has them; the library nests them by kind. */
export const TRAINING_METHOD = {
  /** The loss that training minimizes: the library's `loss.kind`. */
  loss: {
    flag: "--loss <kind>",
    help: "what the training minimizes",
    type: "choice",
    choices: ["cross-entropy", "bce", "mse", "l1", "huber"],
    default: "cross-entropy",
    group: "Loss",
  },
  /** For cross-entropy: one weight for each class. */
  classWeights: {
    flag: "--class-weights <list>",
    help: "of cross-entropy: a weight for each class",
    type: "numbers",
    needs: [{ option: "loss", is: ["cross-entropy"] }],
    group: "Loss",
  },
  /** For cross-entropy: samples of this label do not count. */
  ignoreIndex: {
    flag: "--ignore-index <label>",
    help: "of cross-entropy: samples of this label do not count",
    type: "number",
    needs: [{ option: "loss", is: ["cross-entropy"] }],
    group: "Loss",
  },
  /** For cross-entropy: the part of the target that is spread over all classes. */
  labelSmoothing: {
    flag: "--label-smoothing <x>",
    help: "of cross-entropy: the part that goes to all classes",
    type: "number",
    from: 0,
    to: 1,
    needs: [{ option: "loss", is: ["cross-entropy"] }],
    group: "Loss",
  },
  /** For cross-entropy: the labels are probabilities, one for each class, instead of the numbers of classes. */
  softLabels: {
    flag: "--soft-labels",
    help: "of cross-entropy: the labels are the probabilities of all classes",
    type: "switch",
    needs: [{ option: "loss", is: ["cross-entropy"] }],
    idleWith: [{ option: "ignoreIndex" }],
    group: "Loss",
  },
  /** For cross-entropy: the axis of the output along which the classes are, -1 for the last. Default 1. */
  classesAxis: {
    flag: "--classes-axis <n>",
    help: "of cross-entropy: the output's axis of the classes; -1 is the last",
    type: "number",
    default: 1,
    needs: [{ option: "loss", is: ["cross-entropy"] }],
    group: "Loss",
  },
  /** For huber: the loss is quadratic up to this difference, and linear beyond. Default 1. */
  delta: {
    flag: "--delta <x>",
    help: "of huber: where it turns linear",
    type: "number",
    above: 0,
    default: 1,
    needs: [{ option: "loss", is: ["huber"] }],
    group: "Loss",
  },
  /** How a parameter follows its gradient: the library's `optimizer.kind`. */
  optimizer: {
    flag: "--optimizer <kind>",
    help: "how parameters follow their gradients",
    type: "choice",
    choices: ["sgd", "momentum", "nesterov", "adam", "adamw"],
    default: "momentum",
    group: "Optimizer",
  },
  /** How the learning rate goes over the steps: the library's `schedule.kind`. */
  schedule: {
    flag: "--schedule <kind>",
    help: "how the learning rate changes over the steps",
    type: "choice",
    choices: ["constant", "step", "exponential", "cosine", "linear"],
    default: "constant",
    group: "Optimizer",
  },
  /** For step and exponential: the steps between two falls. */
  scheduleEvery: {
    flag: "--schedule-every <steps>",
    help: "of step and exponential: when it falls",
    type: "whole",
    from: 1,
    needs: [{ option: "schedule", is: ["step", "exponential"] }],
    group: "Optimizer",
  },
  /** For step and exponential: the factor of one fall. Default 0.1. */
  scheduleFactor: {
    flag: "--schedule-factor <x>",
    help: "of step and exponential: by which factor",
    type: "number",
    above: 0,
    default: 0.1,
    needs: [{ option: "schedule", is: ["step", "exponential"] }],
    group: "Optimizer",
  },
  /** Steps over which the learning rate rises from 0. Default 0. */
  warmup: {
    flag: "--warmup <steps>",
    help: "steps over which the rate rises first",
    type: "whole",
    from: 0,
    default: 0,
    group: "Optimizer",
  },
} as const;

/** The output that is trained, and the size of a step; the library has its own types of these. */
export const STEP = {
  /** The output to take the loss of; by default the first. */
  output: {
    flag: "--of <name>",
    help: "the output that the loss is of",
    type: "text",
    defaultText: "the first",
    group: "Loss",
  },
  /** The learning rate, which a schedule may change. */
  learningRate: {
    flag: "--lr <x>",
    help: "the learning rate",
    type: "number",
    above: 0,
    default: 0.1,
    group: "Optimizer",
  },
  /** Gradients are scaled down so that the norm of all of them together is at most this. Default: they are not. */
  clipNorm: {
    flag: "--clip-norm <x>",
    help: "scale gradients down to this norm of all together",
    type: "number",
    above: 0,
    group: "Optimizer",
  },
} as const;

/** The numbers of an optimizer. */
export const HYPERPARAMETERS = {
  /** For the optimizers momentum and nesterov, from 0 to below 1. Default 0.9. */
  momentum: {
    flag: "--momentum <x>",
    help: "of momentum and nesterov",
    type: "number",
    from: 0,
    below: 1,
    default: 0.9,
    needs: [{ option: "optimizer", is: ["momentum", "nesterov"] }],
    group: "Optimizer",
  },
  /** The weight decay, from 0 on. Default 0. */
  weightDecay: {
    flag: "--weight-decay <x>",
    help: "of weights; biases and normalizations have none",
    type: "number",
    from: 0,
    default: 0,
    group: "Optimizer",
  },
} as const;

/** Which constants of a model are trained, and how they go together. */
export const PARAMETERS = {
  /** Names of constants that are trained although they look like buffers; * and ? stand for any text and any character. */
  train: {
    flag: "--train <globs>",
    help: "train these too, which look like masks, tables or settings (repeatable, or a,b)",
    type: "names",
    group: "Parameters",
  },
  /** Names of parameters and running statistics that stay as they are; * and ? stand for any text and any character. */
  freeze: {
    flag: "--freeze <globs>",
    help: "parameters and statistics that stay as they are (repeatable, or a,b)",
    type: "names",
    group: "Parameters",
  },
  /** Normalizations in inference form keep their statistics. */
  frozenStatistics: {
    flag: "--frozen-statistics",
    help: "normalizations in inference form keep their statistics",
    type: "switch",
    group: "Parameters",
  },
  /** Names of constants that are one in the file and are parted; "all" for all. */
  untie: {
    flag: "--untie <globs>",
    help: "part constants that exporters merged because they began equal; all, or names (repeatable, or a,b)",
    type: "names",
    group: "Parameters",
  },
  /** What weight decay applies to: weights and tables, or all parameters, as PyTorch does by default. */
  decay: {
    flag: "--decay <what>",
    help: "what weight decay applies to: weights and tables, or all parameters",
    type: "choice",
    choices: ["weights", "all"],
    default: "weights",
    group: "Parameters",
  },
} as const;

/** The length of a training, and the validations and checkpoints in between. */
export const COURSE = {
  /** The length of the training in batches. Give this or `epochs`. */
  steps: {
    flag: "--steps <n>",
    help: "how many batches to train on",
    type: "whole",
    from: 1,
    group: "Course",
  },
  /** The length of the training in rounds through the data. Give this or `steps`. */
  epochs: {
    flag: "--epochs <n>",
    help: "or how many rounds through the data",
    type: "whole",
    from: 1,
    group: "Course",
  },
  /** Steps between validations. Default: one at the end of each round through the data. */
  validateEvery: {
    flag: "--validate-every <steps>",
    help: "steps between validations",
    type: "whole",
    from: 1,
    defaultText: "after each round through the data",
    // Checkpoints are saved with validations, also where there is no data to judge on.
    needs: [{ option: "valid" }, { option: "checkpoint" }],
    group: "Course",
  },
  /** Steps between checkpoints. Default: one with each validation. */
  checkpointEvery: {
    flag: "--checkpoint-every <steps>",
    help: "steps between checkpoints",
    type: "whole",
    from: 1,
    defaultText: "with each validation",
    needs: [{ option: "checkpoint" }],
    group: "Course",
  },
  /** "random": another order in each round, by the seed. "data": as the data has them. */
  order: {
    flag: "--order <how>",
    help: "the order of the samples: another in each round, or that of the data",
    type: "choice",
    choices: ["random", "data"],
    default: "random",
    group: "Course",
  },
  /**
   * What happens at the end. "paper": the moving averages of the normalizations that were trained are replaced by Algorithm 2's
   * statistics over the training data, and the inference form is made. "moving-average": the inference form keeps them. "none": the
   * network stays in the form that was trained.
   */
  finish: {
    flag: "--finish <how>",
    help: "Algorithm 2's statistics in the inference form, or its moving averages, or the form that was trained",
    type: "choice",
    choices: ["paper", "moving-average", "none"],
    default: "paper",
    group: "Course",
  },
} as const;

/** The files of a training, and further uses of its result. */
export const TRAIN_RUN = {
  /** Print the constants of the model, and train nothing. */
  list: {
    flag: "--list",
    help: "print every constant with its role, whether it is trained and why not; train nothing",
    type: "switch",
    group: "Parameters",
  },
  /** Data to judge on. */
  valid: {
    flag: "--valid <path>",
    help: "data to judge on; the best parameters on it are kept",
    type: "text",
    group: "Course",
  },
  /** The labels of `valid`. */
  validLabels: {
    flag: "--valid-labels <path>",
    help: "its labels",
    type: "text",
    needs: [{ option: "valid" }],
    group: "Course",
  },
  /** A file for steps and validations, as JSON lines. */
  log: {
    flag: "--log <file>",
    help: "write steps and validations as JSON lines",
    type: "text",
    group: "Course",
  },
  /** A file for the state of the training, from which it can go on. */
  checkpoint: {
    flag: "--checkpoint <file>",
    help: "save the state of the training, at each validation and at Ctrl-C",
    type: "text",
    group: "Course",
  },
  /** Go on from `checkpoint` where it is there. */
  resume: {
    flag: "--resume",
    help: "go on from --checkpoint where it is there, bit for bit",
    type: "switch",
    needs: [{ option: "checkpoint" }],
    group: "Course",
  },
  /** Optimize the result at once. */
  fold: {
    flag: "--fold",
    help: "optimize the result at once, proven in onnxruntime",
    type: "switch",
    group: "Input and output",
  },
  /** A file for the trained model with a step of the training in it. */
  trainingInfo: {
    flag: "--training-info <file>",
    help: "also write the trained model with a step of this training in it, as ONNX's training_info",
    type: "text",
    group: "Input and output",
  },
} as const;

/** `normfold train`. */
export const TRAIN_COMMAND: CommandSpec = {
  ...HEADS.train,
  description:
    "Trains a network through a gradient graph of standard operators, replaces the moving averages of its " +
    "normalizations by Algorithm 2's statistics, and writes the inference form.",
  tables: [
    TARGET,
    LOAD,
    PRINTING,
    TRAINING_METHOD,
    STEP,
    HYPERPARAMETERS,
    PARAMETERS,
    COURSE,
    TRAIN_RUN,
    DATA,
    PREPARATION,
    MODULE,
    DRAWING,
  ],
  required: ["data"],
  lists: "list",
  outcome: { differs: "training diverged, or the result of --fold differs; nothing was written" },
  examples: [
    "normfold insert plain.onnx -o net.onnx --init fresh --form training",
    "normfold train net.onnx -o trained.onnx --data x.npy --labels y.npy --epochs 5",
    "normfold train net.onnx -o trained.onnx --data images/ --scale 1/255 \\\n" +
      "    --steps 10000 --schedule cosine --checkpoint run.safetensors --resume",
  ],
};
