import { present } from "../src/base/assert.js";
import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { Builder } from "../src/ir/builder.js";
import type { Graph, Node, Value } from "../src/ir/graph.js";
import { tensorFromBytes, tensorFromNumbers } from "../src/ir/tensor.js";
import { staticShape } from "../src/ir/type.js";
import { equalBodies } from "../src/rewrite/equal-bodies.js";
import { Inliner, inliningBlocked, pinnedOutput, visitReplacing } from "../src/rewrite/inline.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { TensorIndex } from "../src/rewrite/tensor-index.js";
import type { Facts } from "../src/rules/facts.js";

const SENTENCES = {
  collectedListHasNoShape: (value: string): string =>
    `it makes no iteration, and the shape of the empty list "${value}" is not known then`,
} as const;

/** Why a Loop stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Replace an If or Loop by the body that it certainly runs.
 *
 *   before   y = If(yes) <then_branch: u = Exp(x), else_branch: v = Neg(x)>   # yes is true
 *   after    y = Exp(x)
 *
 * An If whose condition is known or whose branches compute the same; a Loop that makes one iteration or none.
 *
 * Requires   the condition, or the number of iterations and the condition, known
 * Refuses    a body with a value that is pinned; the lists that a Loop without iterations collects, whose shape is not known
 * Numerics   exact
 */
export const inlineControlFlow: Pass = {
  kind: "procedure",
  name: "inline-control-flow",
  summary: "If with a known condition and Loop with one iteration or none become the body that they run",
  before: "y = If(yes) <then_branch: u = Exp(x), else_branch: v = Neg(x)>  // yes is true",
  after: "y = Exp(x)",
  numerics: "exact",
  specials: { mayChange: [], because: "the same operators run" },
  order: "any place",
  refusals,
  run: (context) => {
    const inliner = new Inliner();
    const { model, facts } = context.view;
    for (const root of [model.graph, ...model.functions.map((fn) => fn.body)]) {
      visitReplacing(root, (node) => {
        if (!node.is("If", "Loop") || node.hasReferences || facts.isCall(node)) return false;
        const plan = node.opType === "If" ? planIf(node, facts) : planLoop(node, facts);
        if (plan === undefined) return false;
        if (isRefusal(plan)) {
          context.refused(node, plan);
          return false;
        }
        return attempt(node, plan, inliner, context);
      });
    }
  },
};

/** The replacement of a node: a body, its inputs, and the outputs of the node as values of the body. */
interface Plan {
  readonly why: string;
  /** undefined: nothing is computed. */
  readonly body: Graph | undefined;
  readonly inputs: (rewriter: Rewriter) => ReadonlyMap<Value, Value>;
  readonly outputs: (twin: (value: Value) => Value, rewriter: Rewriter) => readonly (Value | undefined)[];
}

function attempt(node: Node, plan: Plan, inliner: Inliner, context: PassContext): boolean {
  const { graph } = node;
  if (graph === undefined) return false;
  const blocked = pinnedOutput(node) ?? (plan.body && inliningBlocked(plan.body, graph));
  if (blocked !== undefined) {
    context.refused(node, blocked);
    return false;
  }
  return context.attempt(node, {
    kind: "rewrite",
    summary: `${node.label} ${plan.why}`,
    apply: (rewriter) => {
      const inlining = { body: plan.body, inputs: plan.inputs(rewriter) };
      inliner.replace(node, inlining, (twin) => plan.outputs(twin, rewriter), rewriter);
    },
  });
}

function bodyOf(node: Node, name: string): Graph | undefined {
  const attr = node.attribute(name);
  return attr?.kind === "graph" ? attr.value : undefined;
}

function truthOf(value: Value | undefined, facts: Facts): boolean | undefined {
  const numbers = value === undefined ? undefined : facts.numbers(value);
  return numbers?.length === 1 ? numbers[0] !== 0 : undefined;
}

const noInputs = (): ReadonlyMap<Value, Value> => new Map();

function planIf(node: Node, facts: Facts): Plan | Refusal | undefined {
  const [yes, no] = [bodyOf(node, "then_branch"), bodyOf(node, "else_branch")];
  if (yes === undefined || no === undefined) return undefined;
  const condition = truthOf(node.input(0), facts);
  if (condition === undefined && !equalBodies(yes, no, new TensorIndex())) return undefined;
  const body = condition === false ? no : yes;
  if (body.inputs.length > 0 || body.outputs.length < node.outputs.length) return undefined;
  const why =
    condition === undefined
      ? "has equal branches: one stays"
      : `always takes its ${condition ? "then" : "else"} branch`;
  return { why, body, inputs: noInputs, outputs: (twin) => body.outputs.map(twin) };
}

/** The number of iterations of a Loop, if it is 0 or 1. */
function iterations(node: Node, body: Graph, facts: Facts): 0 | 1 | undefined {
  const [limit, condition] = [node.input(0), node.input(1)];
  const starts = condition === undefined ? true : truthOf(condition, facts);
  const most = limit === undefined ? Number.POSITIVE_INFINITY : facts.numbers(limit)?.[0];
  if (starts === false || (most !== undefined && most <= 0)) return 0;
  if (starts === undefined || most === undefined) return undefined;
  return most === 1 || truthOf(body.outputs[0], facts) === false ? 1 : undefined;
}

function planLoop(node: Node, facts: Facts): Plan | Refusal | undefined {
  const body = bodyOf(node, "body");
  if (body === undefined) return undefined;
  const count = iterations(node, body, facts);
  const opset = facts.opset(node);
  if (count === undefined || opset === undefined) return undefined;
  const [number, condition, ...states] = body.inputs;
  const initial = states.map((_, i) => node.input(i + 2));
  if (number === undefined || condition === undefined || initial.includes(undefined)) return undefined;
  if (body.outputs.length < node.outputs.length + 1) return undefined;
  if (count === 0) {
    const collected = node.outputs.slice(states.length).find((value) => value && value.uses.size > 0);
    if (collected) return refusals.collectedListHasNoShape(collected.name);
    return { why: "makes no iteration", body: undefined, inputs: noInputs, outputs: () => initial };
  }
  return {
    why: "makes one iteration: its body takes its place",
    body,
    inputs: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const constant = (input: Value, dtype: "int64" | "bool", element: number): Value => {
        // Some exporters declare both as vectors of one element.
        const dims = staticShape(input.type) ?? [];
        const tensor =
          dtype === "bool"
            ? tensorFromBytes(dtype, dims, Uint8Array.of(element))
            : tensorFromNumbers(dtype, dims, [element]);
        return rewriter.addConstant(graph, input.name, tensor, node);
      };
      const given = new Map<Value, Value>();
      if (number.uses.size > 0) given.set(number, constant(number, "int64", 0));
      if (condition.uses.size > 0) given.set(condition, constant(condition, "bool", 1));
      for (const [i, state] of states.entries())
        given.set(state, present(initial[i], "a state has a first value"));
      return given;
    },
    outputs: (twin, rewriter) =>
      node.outputs.map((output, i) => {
        const result = body.outputs[i + 1];
        if (output === null || output.uses.size === 0 || result === undefined) return undefined;
        return i < states.length ? twin(result) : collectOne(node, twin(result), opset, rewriter);
      }),
  };
}

/** The result of one iteration as the list of one element that a Loop collects. */
function collectOne(node: Node, value: Value, opset: number, rewriter: Rewriter): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const build = new Builder(graph, { before: node, editor: rewriter });
  return opset >= 13
    ? build.op("Unsqueeze", [value, build.ints([0])])
    : build.op("Unsqueeze", [value], { axes: [0] });
}
