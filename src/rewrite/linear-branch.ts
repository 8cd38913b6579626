import { type ChannelAffine, compose, expandChannels, isScaleOnly } from "../affine/channel-affine.js";
import { diagonalKernel, inputChannels, type Kernel, tapSizes } from "../affine/kernels.js";
import { isRefusal, type Refusal } from "../base/refusal.js";
import type { Node, Value } from "../ir/graph.js";
import { liftAffine } from "../ops/affine.js";
import { type ConstantConv, readConv } from "../ops/convolution/kernel.js";
import type { Facts } from "../rules/facts.js";

/** One branch as a convolution of x. */
export interface Branch {
  readonly kernel: Kernel;
  readonly bias: Float64Array | undefined;
  readonly nodes: readonly Node[];
}

export function branchOfConv(node: Node): Branch | Refusal {
  const conv = readConv(node);
  return isRefusal(conv) ? conv : { kernel: conv.kernel, bias: conv.bias, nodes: [node] };
}

/** A term as a map of x, and the nodes that only the term needs, the last one first. */
export interface AffineBranch {
  readonly map: ChannelAffine;
  readonly nodes: readonly Node[];
}

const ITSELF: AffineBranch = {
  map: { scale: new Float64Array([1]), shift: new Float64Array([0]) },
  nodes: [],
};

/** The term as a per-channel scale and shift of x; undefined for other terms. */
export function affineOf(term: Value, x: Value, facts: Facts): AffineBranch | undefined {
  let { map } = ITSELF;
  const nodes: Node[] = [];
  let shared = false;
  for (let value = term; value !== x; ) {
    const lifted = value.producer === undefined ? undefined : liftAffine(value.producer, facts);
    if (lifted === undefined || isRefusal(lifted)) return undefined;
    if (lifted.axis !== undefined && lifted.axis !== 1) return undefined;
    const composed = compose(lifted.map, map);
    if (composed === undefined) return undefined;
    map = composed;
    shared ||= value !== term && value.uses.size > 1;
    if (!shared) nodes.push(lifted.node);
    value = lifted.input;
  }
  return { map, nodes };
}

export function branchOfAffine(affine: AffineBranch | undefined, host: ConstantConv): Branch | undefined {
  const map = affine === undefined ? undefined : expandChannels(affine.map, inputChannels(host.kernel));
  if (affine === undefined || map === undefined) return undefined;
  return {
    kernel: diagonalKernel(map.scale, tapSizes(host.kernel).length),
    bias: isScaleOnly(map) ? undefined : map.shift,
    nodes: affine.nodes,
  };
}
