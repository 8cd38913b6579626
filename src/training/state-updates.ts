import { present } from "../base/assert.js";
import type { Graph, Value } from "../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import { type GradientBuild, scalarLike } from "../rules/gradient/support.js";
import type { TrackedNormalization } from "./normalization.js";
import { addUpdate, type Hyperparameters, type Optimizer, slotNames } from "./optimizer.js";
import { joinPack, splitPack, vectorPacks } from "./packs.js";
import { becomeInput, type Parameter } from "./parameters.js";

/** A tensor that a step takes as an input and gives back changed. */
export interface StateTensor {
  /** The name of the input; a parameter's or statistic's is that of the model's initializer. */
  readonly name: string;
  /** The name of the output that holds it after the step. */
  readonly next: string;
  /** A parameter, a tensor of the optimizer, a running statistic, or the number of steps made. */
  readonly kind: "parameter" | "slot" | "statistic" | "count";
  /** Its value before the first step. */
  readonly initial: Tensor;
}

/** A tensor of the state that has no output yet. */
export interface Carried {
  /** As in `StateTensor`. */
  readonly kind: StateTensor["kind"];
  /** The input that holds it before the step. */
  readonly input: Value;
  /** Its value before the first step. */
  readonly initial: Tensor;
}

/** The updates of the state. Vectors that are updated alike are updated together. */
export class StateUpdates {
  readonly #c: GradientBuild;
  readonly #finite: Value | undefined;
  readonly #next = new Map<Carried, Value>();

  /** If `finite` is given and false, the old state stays. */
  constructor(c: GradientBuild, finite: Value | undefined) {
    this.#c = c;
    this.#finite = finite;
  }

  /** Registers `then` as the new state of `now`; both are concatenations of all members. */
  keep(members: readonly Carried[], now: Value, then: Value): void {
    const { build } = this.#c;
    const result = this.#finite === undefined ? then : build.op("Where", [this.#finite, then, now]);
    const initials = members.map(({ initial }) => initial);
    splitPack(this.#c, result, initials).forEach((value, index) => {
      const member = present(members[index], "a value for each member");
      const { dtype, dims } = member.initial;
      value.rename(build.graph.freshName(`${member.input.name}_next`));
      value.info = { name: value.name, type: tensorType(dtype, dims) };
      this.#next.set(member, value);
    });
  }

  /** The state in the given order, and the outputs that hold it. */
  inOrder(carried: readonly Carried[]): {
    readonly state: readonly StateTensor[];
    readonly results: Value[];
  } {
    const results = carried.map((member) => present(this.#next.get(member), "it was kept"));
    const state = carried.map(({ kind, input, initial }, index): StateTensor => {
      return { name: input.name, next: results[index]?.name ?? "", kind, initial };
    });
    return { state, results };
  }
}

/** Parameters that are updated together, and their gradients side by side. */
export interface ParameterPack {
  /** The parameters. */
  readonly members: readonly Parameter[];
  /** Their gradients, side by side. */
  readonly gradient: Value;
}

/** Groups the parameters that are updated alike. */
export function parameterPacks(
  c: GradientBuild,
  parameters: readonly Parameter[],
  gradientOf: (parameter: Parameter) => Value,
): readonly ParameterPack[] {
  const groups = vectorPacks(
    parameters,
    ({ tensor }) => tensor,
    ({ decays }) => String(decays),
  );
  return groups.map((members) => ({ members, gradient: joinPack(c, members.map(gradientOf)) }));
}

/** How to update the parameters. */
export interface ParameterUpdateOptions {
  /** The optimizer. */
  readonly optimizer: Optimizer;
  /** False leaves weight decay out. Default true. */
  readonly withDecay?: boolean | undefined;
  /** The factor of all gradients, which clips them. */
  readonly factor: Value | undefined;
}

/** Adds the optimizer's update of all parameters, and gives each with its slots, in the order of `parameters`. */
export function updateParameters(
  c: GradientBuild,
  updates: StateUpdates,
  parameters: readonly Parameter[],
  packs: readonly ParameterPack[],
  hyper: Hyperparameters,
  { optimizer, withDecay = true, factor }: ParameterUpdateOptions,
): readonly Carried[] {
  const { build } = c;
  const tensors = new Map(
    parameters.map((parameter) => [parameter, withSlots(build.graph, parameter, optimizer)]),
  );
  const count = slotNames(optimizer).length + 1;
  for (const { members, gradient } of packs) {
    const columns = Array.from({ length: count }, (_, index) =>
      members.map((member) => present(tensors.get(member)?.[index], "a tensor for each slot")),
    );
    const now = columns.map((column) =>
      joinPack(
        c,
        column.map(({ input }) => input),
      ),
    );
    const [parameter, ...slots] = now;
    const then = addUpdate(
      c,
      optimizer,
      hyper,
      { parameter: present(parameter, "the parameter comes first"), slots },
      factor === undefined ? gradient : build.op("Mul", [gradient, factor]),
      withDecay && members.every(({ decays }) => decays),
    );
    [then.parameter, ...then.slots].forEach((next, index) => {
      updates.keep(columns[index] ?? [], present(now[index], "as many as columns"), next);
    });
  }
  return [...tensors.values()].flat();
}

function withSlots(graph: Graph, { value, tensor }: Parameter, optimizer: Optimizer): readonly Carried[] {
  const { dtype, dims, size } = tensor;
  const slots = slotNames(optimizer).map((slot): Carried => {
    const input = graph.addInput({
      name: graph.freshName(`${value.name}_${slot}`),
      type: tensorType(dtype, dims),
    });
    return { kind: "slot", input, initial: tensorFromNumbers(dtype, dims, new Float64Array(size)) };
  });
  return [{ kind: "parameter", input: value, initial: tensor }, ...slots];
}

/** Adds the updates of all moving averages: new = momentum * old + (1 - momentum) * batch. */
export function updateMovingAverages(
  c: GradientBuild,
  updates: StateUpdates,
  tracked: readonly TrackedNormalization[],
  renewed: ReadonlyMap<Value, Value>,
): readonly Carried[] {
  const { build } = c;
  const statistics = tracked.flatMap(({ running, batch, momentum }) =>
    running.map(({ value, tensor }, index) => {
      const fresh = present(batch[index], "mean and variance");
      const input = becomeInput(build.graph, value, tensor);
      const carried: Carried = { kind: "statistic", input, initial: tensor };
      return { carried, momentum, fresh: renewed.get(fresh) ?? fresh };
    }),
  );
  const groups = vectorPacks(
    statistics,
    ({ carried }) => carried.initial,
    ({ momentum }) => String(momentum),
  );
  for (const group of groups) {
    const now = joinPack(
      c,
      group.map(({ carried }) => carried.input),
    );
    const fresh = joinPack(
      c,
      group.map((statistic) => statistic.fresh),
    );
    const momentum = group[0]?.momentum ?? 0;
    const old = build.op("Mul", [now, scalarLike(c, momentum, now)]);
    const added = build.op("Mul", [fresh, scalarLike(c, 1 - momentum, now)]);
    updates.keep(
      group.map(({ carried }) => carried),
      now,
      build.op("Add", [old, added]),
    );
  }
  return statistics.map(({ carried }) => carried);
}
