import type { Refusal } from "../base/refusal.js";
import type { Graph, Value } from "../ir/graph.js";
import { type Model, TRAINING_PIN } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import type { Facts } from "../rules/facts.js";
import { errors } from "./errors.js";
import { refusals } from "./refusals.js";
import { isTrainedType, type Role, Roles } from "./roles.js";

/** A constant that training changes. */
export interface Parameter {
  /** The initializer, or the input that takes its place in the step. */
  readonly value: Value;
  /** Its stored numbers. */
  readonly tensor: Tensor;
  /** True where weight decay applies to it. */
  readonly decays: boolean;
}

/** A constant of a network, as training sees it. */
export interface JudgedConstant extends Parameter {
  /** What it is to the operators that read it. */
  readonly role: Role;
  /** Why it stays as it is; undefined where it is trained. */
  readonly refusal: Refusal | undefined;
}

/** What the user says of constants, by name. */
export interface Selection {
  /** True for those that stay as they are. Default: none. */
  readonly freeze?: ((name: string) => boolean) | undefined;
  /** True for those that are trained although they look like buffers. Default: none. */
  readonly train?: ((name: string) => boolean) | undefined;
  /**
   * What weight decay applies to: "weights" of several axes and tables, or "all" parameters, as PyTorch does by default. Default
   * "weights".
   */
  readonly decay?: "weights" | "all" | undefined;
}

/** Judges every initializer of the graph: its role, and whether it is trained for the sake of the targets. */
export function judgeConstants(
  graph: Graph,
  targets: readonly Value[],
  facts: Facts,
  { freeze, train, decay = "weights" }: Selection,
): readonly JudgedConstant[] {
  const needed = ancestorsOf(targets);
  const values = [...graph.initializers].filter((value) => needed.has(value));
  const roles = new Roles(graph, values, facts);
  return [...graph.initializers].flatMap((value): JudgedConstant[] => {
    const { tensor, name } = value;
    if (tensor === undefined) return [];
    const { role, refusal } = roles.of(value);
    const isAsked = train?.(name) === true && role !== "statistic" && isTrainedType(tensor);
    const stays = !needed.has(value)
      ? refusals.leadsToNoLoss()
      : freeze?.(name) === true
        ? refusals.isFrozen()
        : isAsked
          ? undefined
          : refusal;
    const decays = decay === "all" || (tensor.dims.length > 1 && (role === "weight" || role === "table"));
    return [{ value, tensor, role, refusal: stays, decays }];
  });
}

/** The initializers that training changes. Throws "usage" where none is left. */
export function trainableParameters(
  graph: Graph,
  target: Value,
  facts: Facts,
  selection: Selection,
): readonly Parameter[] {
  const judged = judgeConstants(graph, [target], facts, selection);
  const found = judged.filter(({ refusal }) => refusal === undefined);
  if (found.length === 0) throw errors.nothingToTrain();
  return found;
}

function ancestorsOf(targets: readonly Value[]): ReadonlySet<Value> {
  const seen = new Set<Value>(targets);
  for (const value of seen) {
    const { producer } = value;
    if (producer === undefined) continue;
    for (const input of producer.inputs) if (input !== null) seen.add(input);
    for (const body of producer.subgraphs) {
      for (const inner of body.withSubgraphs()) {
        for (const node of inner.nodes())
          for (const input of node.inputs) if (input !== null) seen.add(input);
        for (const output of inner.outputs) seen.add(output);
      }
    }
  }
  return seen;
}

/** Removes a model's training_info, because it refers to parameters that another training replaces. */
export function dropTrainingInfo(model: Model): void {
  model.trainingInfo = [];
  const { graph } = model;
  const outputs = [...graph.nodes()].flatMap((node) => [...node.outputs]);
  for (const value of [...graph.inputs, ...graph.initializers, ...outputs]) {
    for (const use of [...(value?.uses ?? [])])
      if (use.kind === "pin" && use.reason === TRAINING_PIN) value?.removeUse(use);
  }
}

/** Makes an input of an initializer, under its name and in its type. */
export function becomeInput(graph: Graph, value: Value, tensor: Tensor): Value {
  const { name } = value;
  const input = graph.addInput({ name: graph.freshName(name), type: tensorType(tensor.dtype, tensor.dims) });
  for (const use of [...value.uses]) if (use.kind === "node") use.node.setInput(use.index, input);
  if (value.isGraphInput) graph.removeInput(value);
  else graph.removeInitializer(value);
  input.rename(name);
  return input;
}
