import { present } from "../base/assert.js";
import { encodeNumbers } from "../ir/tensor.js";
import type { Runtime, RuntimeTensor, Session, TensorMap } from "../runtime/runtime.js";
import { runtimeBytes } from "../staging/form.js";
import { sideBySide } from "./batch-memory.js";
import { scalarOf } from "./scalar-output.js";
import { type StackedSteps, stackSteps, watchedOutputs } from "./stack.js";
import type { TrainingStep } from "./step.js";

/** How to run the steps. */
export interface StepCallsOptions {
  /** Threads within an operator. */
  readonly threads: number;
  /** More than 1: neighbouring steps run in one call of the runtime. */
  readonly stepsPerCall: number;
}

/** Runs steps whose graph does not guard itself: here the state that a bad batch gives is dropped. */
export class StepCalls {
  readonly #step: TrainingStep;
  readonly #stacked: StackedSteps | undefined;
  readonly #session: Session;
  /** Memory by input, for stacks of batches that do not lie side by side; free again after each call. */
  readonly #room = new Map<string, Uint8Array>();

  private constructor(step: TrainingStep, stacked: StackedSteps | undefined, session: Session) {
    this.#step = step;
    this.#stacked = stacked;
    this.#session = session;
  }

  /** Loads the step in the runtime. Close it after use. */
  static async open(
    runtime: Runtime,
    step: TrainingStep,
    { threads, stepsPerCall }: StepCallsOptions,
  ): Promise<StepCalls> {
    const stacked = stepsPerCall > 1 ? stackSteps(step) : undefined;
    const bytes = runtimeBytes((stacked ?? step).model);
    return new StepCalls(
      step,
      stacked,
      await runtime.open({ kind: "bytes", bytes }, { optimize: true, threads }),
    );
  }

  /** Frees the memory of the runtime. */
  close(): Promise<void> {
    return this.#session.close();
  }

  /**
   * Makes one step for each of `feeds`, which hold all inputs but the state. Updates `state`, and gives the scalar
   * outputs of each step. The results are the same bit for bit however many steps a call has.
   */
  async run(feeds: readonly TensorMap[], state: Map<string, RuntimeTensor>): Promise<readonly TensorMap[]> {
    const done: TensorMap[] = [];
    for (const group of this.#stacked === undefined ? feeds.map((feed) => [feed]) : groupsOf(feeds)) {
      const results = await this.#call(group, state);
      if (results !== undefined) done.push(...results);
      // One of the steps was not finite. Repeats them one at a time, so that later steps start from the state before it.
      else for (const feed of group) done.push(...((await this.#call([feed], state)) ?? []));
    }
    return done;
  }

  /** Gives undefined, and leaves the state as it is, where one of several steps was not finite. */
  async #call(
    group: readonly TensorMap[],
    state: Map<string, RuntimeTensor>,
  ): Promise<readonly TensorMap[] | undefined> {
    const stacked = this.#stacked;
    const [first] = group;
    if (first === undefined) return [];
    const inputName = (name: string): string => stacked?.inputs.get(name) ?? name;
    const feeds = new Map([...state].map(([name, tensor]) => [inputName(name), tensor]));
    for (const [name, tensor] of first) {
      const all = group.map((feed) => present(feed.get(name), "batches have the same inputs"));
      feeds.set(inputName(name), stacked === undefined ? tensor : this.#stackOf(name, all));
    }
    const results = await this.#session.run(feeds);
    const outputOf = (name: string): RuntimeTensor =>
      present(results.get(stacked?.outputs.get(name) ?? name), `the step gives "${name}"`);
    const watched = watchedOutputs(this.#step).map((name) => [name, outputOf(name)] as const);
    const steps = group.map(
      (_, index) =>
        new Map(
          watched.map(([name, tensor]) => [
            name,
            stacked === undefined ? tensor : elementOf(tensor, index, group.length),
          ]),
        ),
    );
    const allFinite = steps.every((step) => scalarOf(step, this.#step.outputs.finite) === 1);
    if (!allFinite && group.length > 1) return undefined;
    if (allFinite) for (const { name, next } of this.#step.state) state.set(name, outputOf(next));
    return steps;
  }

  #stackOf(name: string, tensors: readonly RuntimeTensor[]): RuntimeTensor {
    const { dtype, dims } = present(tensors[0], "a stack of at least one");
    const sizes = [tensors.length, ...dims];
    const texts = tensors.flatMap(({ data }) => (data instanceof Uint8Array ? [] : data));
    if (texts.length > 0) return { dtype, dims: sizes, data: texts };
    const parts = tensors.flatMap(({ data }) => (data instanceof Uint8Array ? [data] : []));
    const data = sideBySide(parts, (size) => this.#roomFor(name, size));
    return { dtype, dims: sizes, data };
  }

  #roomFor(name: string, size: number): Uint8Array {
    let room = this.#room.get(name);
    if (room === undefined || room.length < size) {
      room = new Uint8Array(size);
      this.#room.set(name, room);
    }
    return room;
  }
}

/** The tensors of the step's scalar inputs, by name. */
export function hyperparameterFeeds(
  { hyperparameters, state }: TrainingStep,
  values: { readonly rate: number; readonly weightDecay: number; readonly momentum: number },
): readonly (readonly [string, RuntimeTensor])[] {
  const { learningRate, weightDecay, momentum } = hyperparameters;
  const dtype = state[0]?.initial.dtype ?? "float";
  const scalar = (name: string | undefined, value: number): (readonly [string, RuntimeTensor])[] =>
    name === undefined ? [] : [[name, { dtype, dims: [], data: encodeNumbers(dtype, [value]) }]];
  return [
    ...scalar(learningRate, values.rate),
    ...scalar(weightDecay, values.weightDecay),
    ...scalar(momentum, values.momentum),
  ];
}

/** Groups neighbours whose tensors have the same sizes, which a stack needs. */
function groupsOf(feeds: readonly TensorMap[]): readonly (readonly TensorMap[])[] {
  const groups: TensorMap[][] = [];
  let last = "";
  for (const feed of feeds) {
    const sizes = [...feed.values()].map(({ dims }) => dims.join()).join(";");
    const group = groups.at(-1);
    if (group !== undefined && sizes === last) group.push(feed);
    else groups.push([feed]);
    last = sizes;
  }
  return groups;
}

function elementOf({ dtype, dims, data }: RuntimeTensor, index: number, count: number): RuntimeTensor {
  const size = data.length / count;
  return { dtype, dims: dims.slice(1), data: data.slice(index * size, (index + 1) * size) };
}
