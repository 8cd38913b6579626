import type { CommandHead } from "./spec.js";

const MODEL: CommandHead["arguments"] = [
  { name: "<model>", help: 'the model, as ONNX or as text; "-" reads standard input' },
];

/** The commands as `normfold --help` lists them, in its order; apart from their options, which are loaded when needed. */
export const HEADS: Readonly<Record<CommandName, CommandHead>> = {
  optimize: {
    name: "optimize",
    group: "Optimize",
    summary: "fold BatchNormalization, simplify, prove, write",
    arguments: [
      {
        name: "[models...]",
        help: 'files, as ONNX or as text; folders, patterns like "models/**/*.onnx"; "-" reads standard input',
      },
    ],
  },
  check: {
    name: "check",
    group: "Compare",
    summary: "compare two models in onnxruntime",
    arguments: [
      { name: "<original>", help: 'the model to compare with; "-" reads standard input' },
      { name: "<result>", help: 'the model to judge; one of the two may be "-"' },
    ],
  },
  diff: {
    name: "diff",
    group: "Compare",
    summary: "say what changed from one model to another",
    arguments: [
      { name: "<before>", help: 'the first model; "-" reads standard input' },
      { name: "<after>", help: 'the second model; one of the two may be "-"' },
    ],
  },
  profile: {
    name: "profile",
    group: "Compare",
    summary: "count and measure what a run takes",
    arguments: [
      { name: "<model>", help: 'the model, as ONNX or as text; "-" reads standard input' },
      { name: "[other]", help: "another model with the same inputs, measured beside it" },
    ],
  },
  reduce: {
    name: "reduce",
    group: "Compare",
    summary: "shrink a model on which something goes wrong",
    arguments: MODEL,
  },
  inspect: {
    name: "inspect",
    group: "Look",
    summary: "say what is in a model",
    arguments: MODEL,
  },
  print: {
    name: "print",
    group: "Look",
    summary: "print a model as ONNX text",
    arguments: MODEL,
  },
  passes: {
    name: "passes",
    group: "Look",
    summary: "list the passes, in the order they run",
    arguments: [],
  },
  completion: {
    name: "completion",
    group: "Look",
    summary: "print what completes commands in a shell",
    arguments: [{ name: "<shell>", help: "bash, zsh or fish", words: ["bash", "zsh", "fish"] }],
  },
  insert: {
    name: "insert",
    group: "Train",
    summary: "put BatchNormalization before nonlinearities",
    arguments: MODEL,
  },
  train: {
    name: "train",
    group: "Train",
    summary: "train a network on stock onnxruntime",
    arguments: [{ name: "<model>", help: "the model, as ONNX or as text" }],
  },
  calibrate: {
    name: "calibrate",
    group: "Train",
    summary: "measure new statistics for BatchNormalization",
    arguments: MODEL,
  },
  freeze: {
    name: "freeze",
    group: "Train",
    summary: "turn the training form into the inference form",
    arguments: MODEL,
  },
  prepare: {
    name: "prepare",
    group: "Train",
    summary: "change a network for training, by a paper's recipe",
    arguments: MODEL,
  },
  lower: {
    name: "lower",
    group: "Train",
    summary: "write ONNX's training operators as standard ones",
    arguments: MODEL,
  },
  ensemble: {
    name: "ensemble",
    group: "Train",
    summary: "average the class probabilities of several models",
    arguments: [{ name: "<models...>", help: "two models or more" }],
  },
};

/** The names of all commands. */
export type CommandName =
  | "optimize"
  | "insert"
  | "train"
  | "calibrate"
  | "freeze"
  | "prepare"
  | "ensemble"
  | "lower"
  | "check"
  | "diff"
  | "profile"
  | "reduce"
  | "inspect"
  | "print"
  | "passes"
  | "completion";
