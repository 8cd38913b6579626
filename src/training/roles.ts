import { present } from "../base/assert.js";
import type { Refusal } from "../base/refusal.js";
import { constantBehind } from "../batchnorm/own-constants.js";
import { isFloat } from "../ir/dtype.js";
import type { Graph, Node, Use, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { declarationOf, hasTrait } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import type { ParameterRole } from "../rules/operator.js";
import { Contents } from "./contents.js";
import { refusals } from "./refusals.js";

/** What a constant is in its network. A buffer is part of the formula or of the data's preparation. */
export type Role =
  | "weight"
  | "bias"
  | "scale"
  | "shift"
  | "slope"
  | "table"
  | "state"
  | "statistic"
  | "buffer";

/** What a constant is, and why training leaves it alone; undefined where it is trained. */
export interface RoleOf {
  readonly role: Role;
  readonly refusal: Refusal | undefined;
}

type NodeUse = Use & { readonly kind: "node" };

/** What operators that may hand data on are. */
const HANDING = ["pointwise", "movesData", "rearranges"] as const;

/** The roles of a layer's parameters, which say what a constant is by themselves. */
const LAYER_ROLES = ["weight", "bias", "scale", "shift", "slope"] as const satisfies readonly ParameterRole[];
type LayerRole = (typeof LAYER_ROLES)[number];

/**
 * Tells the roles of constants by what reads them, and where that leaves it open by what they hold. A constant has one role: where its
 * readers differ, it is trained only if all would have it trained.
 */
export class Roles {
  readonly #facts: Facts;
  readonly #raw: ReadonlySet<Value>;
  /** Without a layer, arithmetic on the data is all there is to train. */
  readonly #hasLayer: boolean;

  constructor(graph: Graph, constants: Iterable<Value>, facts: Facts) {
    this.#facts = facts;
    this.#raw = this.#rawValues(graph);
    this.#hasLayer = [...constants].some((constant) =>
      readers(constant).some((use) => {
        const role = this.#declared(use);
        return role === "table" || isLayerRole(role);
      }),
    );
  }

  of(constant: Value): RoleOf {
    const tensor = present(constant.tensor, `"${constant.name}" is a constant`);
    const judged = readers(constant).map((use) => this.#at(use, tensor));
    const found = judged.find(({ refusal }) => refusal !== undefined) ?? judged[0];
    if (found === undefined) return { role: "buffer", refusal: refusals.isReadByNoNode() };
    return { role: found.role, refusal: found.refusal ?? typeRefusal(tensor) };
  }

  #declared({ node, index }: NodeUse): ParameterRole | undefined {
    return this.#facts.isCall(node) ? undefined : declarationOf(node)?.parameters?.[index];
  }

  #at(use: NodeUse, tensor: Tensor): RoleOf {
    const { label } = use.node;
    const declared = this.#declared(use);
    if (declared === "statistic") return { role: "statistic", refusal: refusals.isStatistic(label) };
    if (declared === "setting") return { role: "buffer", refusal: refusals.isSetting(label) };
    if (!isFloat(tensor.dtype)) return { role: "buffer", refusal: typeRefusal(tensor) };
    const contents = new Contents(tensor);
    if (contents.nonFinite !== undefined) return { role: "buffer", refusal: contents.nonFinite };
    if (isLayerRole(declared)) return { role: declared, refusal: undefined };
    if (tensor.size <= 1) return { role: "buffer", refusal: refusals.isSingleNumber(label) };
    if (declared === "state")
      return { role: "state", refusal: contents.isZero ? refusals.isState(label) : undefined };
    if (declared === "table") return asTable(contents.oneHot ?? contents.position);
    const isArithmetic = declared === "addend" || declared === "factor";
    if (isArithmetic && this.#hasLayer && this.#isAppliedToData(use))
      return { role: "buffer", refusal: refusals.normalizesData(label) };
    const isOfChannels = tensor.dims.filter((size) => size !== 1).length <= 1;
    if (isArithmetic && isOfChannels) {
      if (contents.zerosAndOnes !== undefined) return { role: "buffer", refusal: contents.zerosAndOnes };
      return { role: declared === "factor" ? "scale" : this.#addendRole(use), refusal: undefined };
    }
    if (declared === "factor") return { role: "buffer", refusal: refusals.scalesSeveralAxes(label) };
    const refusal = contents.position ?? (isOfChannels ? contents.zerosAndOnes : contents.wholeNumbers);
    if (declared === "addend") return asTable(refusal);
    return refusal === undefined ? { role: "weight", refusal } : { role: "buffer", refusal };
  }

  /** The bias of the layer before, or a shift. */
  #addendRole({ node, index }: NodeUse): Role {
    const producer = node.input(1 - index)?.producer;
    if (producer === undefined || this.#facts.isCall(producer)) return "shift";
    return Object.values(declarationOf(producer)?.parameters ?? {}).includes("weight") ? "bias" : "shift";
  }

  #isAppliedToData({ node, index }: NodeUse): boolean {
    const other = node.input(1 - index);
    return other !== undefined && this.#raw.has(other);
  }

  /** The data as it comes in, and what is the same in another type, shape or scale, before any layer. */
  #rawValues(graph: Graph): ReadonlySet<Value> {
    const raw = new Set(graph.inputs.filter((value) => value.tensor === undefined));
    // Nodes come after what they read.
    for (const node of graph.nodes()) {
      const output = node.output(0);
      if (output !== undefined && this.#handsDataOn(node, raw)) raw.add(output);
    }
    return raw;
  }

  #handsDataOn(node: Node, raw: ReadonlySet<Value>): boolean {
    if (this.#facts.isCall(node) || node.subgraphs.length > 0) return false;
    const isSimple = HANDING.some((trait) => hasTrait(node, trait)) || node.is("Cast", "Reshape");
    let isFed = false;
    for (const [index, input] of node.inputs.entries()) {
      if (input === null) continue;
      const role = this.#declared({ kind: "node", node, index });
      if (!isSimple || role === "table" || isLayerRole(role)) return false;
      if (raw.has(input)) isFed = true;
      else if (constantBehind(input) === undefined) return false;
    }
    return isFed;
  }
}

function asTable(refusal: Refusal | undefined): RoleOf {
  return refusal === undefined ? { role: "table", refusal } : { role: "buffer", refusal };
}

function isLayerRole(role: ParameterRole | undefined): role is LayerRole {
  return LAYER_ROLES.some((each) => each === role);
}

/** True for the types in which parameters are trained. */
export function isTrainedType({ dtype }: Tensor): boolean {
  return dtype === "float" || dtype === "double";
}

function typeRefusal(tensor: Tensor): Refusal | undefined {
  return isTrainedType(tensor) ? undefined : refusals.typeIsNotTrained(tensor.dtype);
}

/** The inputs of nodes that take a constant, themselves or through copies in another shape or order. */
function readers(constant: Value): readonly NodeUse[] {
  const found: NodeUse[] = [];
  const pending = [constant];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    for (const use of value.uses) {
      if (use.kind !== "node") continue;
      const copy = use.index === 0 ? use.node.output(0) : undefined;
      const isCopied = copy !== undefined && (constantBehind(copy) !== undefined || use.node.is("Expand"));
      if (isCopied) pending.push(copy);
      else found.push(use);
    }
  }
  return found;
}
