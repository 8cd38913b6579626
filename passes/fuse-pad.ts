import { present } from "../src/base/assert.js";
import {
  isRefusal,
  type Refusal,
  type RefusalCatalogue,
  refusalCatalogue,
  refusedAt,
} from "../src/base/refusal.js";
import { isAllFinite } from "../src/fold/special-values.js";
import { isFloat } from "../src/ir/dtype.js";
import { initOf, type Node, type Value } from "../src/ir/graph.js";
import { refusals as irRefusals } from "../src/ir/refusals.js";
import { hasTrait } from "../src/ops/catalogue.js";
import { readPad } from "../src/rewrite/pad.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";
import { type Permutation, permutationOf } from "../src/rules/layout/permutation.js";
import { refusals as shared } from "../src/rules/refusals.js";

const SENTENCES = {
  paddedValueIsSeenOtherwise: (value: string): string =>
    `"${value}" is read as something else than the input of an operator too`,
  readerHasNoBorder: (reader: string): string => `${reader} reads it too and has no border of its own for it`,
  padModeIsNotConstant: (mode: string): string => `it pads by mode "${mode}"`,
  spatialAxesAreUnknown: (): string => "its input is not known to have spatial axes",
  padsAreNegative: (): string => "it cuts off elements (negative pads)",
  autoPadFollowsPaddedSize: (rule: string): string => `its auto_pad ${rule} follows from the padded size`,
  batchOrChannelsArePadded: (): string => "it pads batch or channels",
  borderValueDiffers: (border: string, padded: number): string =>
    `its border is ${border}, that of Pad ${padded}`,
  borderZeroPointIsUnknown: (): string => "its zero point is not known",
  windowIsUnknown: (): string => "its window is not known",
  borderIsAsWideAsWindow: (): string => "the border is as wide as its window, which no runtime takes",
  lastWindowMayStartInBorder: (): string => "its last window may start in the border behind (ceil_mode)",
  indicesCountBorder: (): string => "its Indices count the border",
  borderMayBeLargest: (value: number): string => `${value} in the border may be its largest element`,
  opsetDoesNotCountBorder: (): string => "before opset 7 it cannot count its border",
  lastDivisorIsUnsettled: (): string => "what it divides by at the end is not settled (ceil_mode)",
  ownBorderIsNotCounted: (): string => "it leaves out a border of its own",
} as const;

/** Why a Pad stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Fuse a Pad into the pads of the convolutions and pools behind it.
 *
 *   before   p = Pad <mode = "constant"> (x, [0, 0, 1, 1, 0, 0, 1, 1])
 *            y = Conv (p, W)
 *   after    y = Conv <pads = [1, 1, 1, 1]> (x, W)
 *
 * Also through a Transpose between them, or a Cast between floating-point types, which keeps a zero. Conv, ConvInteger and QLinearConv take a border of zeros, or of the zero point.
 * AveragePool takes zeros and counts them (count_include_pad), LpPool takes zeros. MaxPool takes a value that is no larger
 * than any element: the least number of the type, or a number of at most zero where no element is negative, as behind Relu.
 *
 * Source     ONNX Pad-2 to -25, Conv-1 to -22, AveragePool-7 to -22, MaxPool-1 to -22
 * Requires   pads that are known, spatial and not negative, and that every reader takes
 * Refuses    auto_pad = SAME_*, whose pads depend on the padded size; ceil_mode with a border at the end; a border as wide as
 *            a pool's window; MaxPool with Indices; AveragePool that does not count its own border
 * Numerics   rounding: kernels sum borders in another order
 */
export const fusePad: Pass = {
  kind: "rules",
  name: "fuse-pad",
  summary: "Conv and pools take the border of a Pad into their own pads",
  before: 'p = Pad <mode = "constant"> (x, [0, 0, 1, 1, 0, 0, 1, 1])  y = Conv(p, W)',
  after: "y = Conv <pads = [1, 1, 1, 1]> (x, W)",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "infinity"],
    because:
      "a border that a kernel leaves out is not multiplied by an infinite weight, and is not the least element of MaxPool",
  },
  order: "any place",
  refusals,
  rules: [{ operators: ["Pad"], match }],
};

/** The elements that a Pad puts around a tensor. */
interface Border {
  readonly input: Value;
  /** The begins of all axes, then the ends. */
  readonly pads: readonly number[];
  readonly value: number;
}

/** Operators with a `pads` attribute. A Pad that none of them reads is passed over without a refusal. */
const READERS = ["Conv", "ConvInteger", "QLinearConv", "AveragePool", "MaxPool", "LpPool"] as const;

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const output = node.output(0);
  if (!node.is("Pad") || output === undefined || output.uses.size === 0) return undefined;
  const near = output.users.flatMap((user) =>
    user.is("Transpose", "Cast") ? (user.output(0)?.users ?? []) : user,
  );
  if (!near.some((user) => user.is(...READERS))) return undefined;
  const border = readBorder(node, facts);
  if (isRefusal(border)) return border;
  const readings = readingsOf(output, border, node, facts);
  if (isRefusal(readings)) return readings;
  const labels = readings.flatMap(({ takers }) => takers.map(({ reader }) => reader.label));
  return {
    kind: "rewrite",
    summary: `${labels.join(", ")} ${labels.length === 1 ? "takes" : "take"} in ${node.label}`,
    mayChange: readings.some(({ takers }) => takers.some(({ reader }) => seesBorder(reader, facts)))
      ? ["nan", "infinity"]
      : [],
    apply: (rewriter) => {
      for (const reading of readings) take(rewriter, reading, border.input);
      rewriter.removeNode(node);
    },
  };
}

/**
 * Whether the border shows beside NaN or infinity: a Conv multiplies a border that is in the tensor by its weights, which
 * may be infinite; onnxruntime's MaxPool skips a NaN in some kernels, and then gives the border.
 */
function seesBorder(reader: Node, facts: Facts): boolean {
  const dtype = facts.dtype(present(reader.input(0), "a reader has data"));
  if (dtype === undefined || !isFloat(dtype)) return false;
  if (reader.is("MaxPool")) return true;
  const weight = constantTensor(reader.input(1));
  return reader.is("Conv") && (weight === undefined || !isAllFinite(weight));
}

/** Readers of the padded tensor, or of a Transpose or Cast of it, with their new pads. */
interface Reading {
  readonly transpose: Node | undefined;
  readonly takers: readonly { readonly reader: Node; readonly pads: readonly number[] }[];
}

function readingsOf(output: Value, border: Border, node: Node, facts: Facts): readonly Reading[] | Refusal {
  const readings: Reading[] = [];
  const direct: Node[] = [];
  for (const use of output.uses) {
    const transpose = use.kind === "node" ? carrierOf(use.node, border, facts) : undefined;
    if (transpose === undefined) {
      if (use.kind !== "node" || use.index !== 0) return refusals.paddedValueIsSeenOtherwise(output.name);
      direct.push(use.node);
      continue;
    }
    const moved = {
      ...border,
      pads: [...transpose.perm, ...transpose.perm.map((axis) => axis + transpose.perm.length)].map(
        (at) => border.pads[at] ?? 0,
      ),
    };
    const readers: Node[] = [];
    for (const each of transpose.output.uses) {
      if (each.kind !== "node" || each.index !== 0)
        return refusals.paddedValueIsSeenOtherwise(transpose.output.name);
      readers.push(each.node);
    }
    const takers = takersOf(readers, moved, node, facts);
    if (isRefusal(takers)) return takers;
    readings.push({ transpose: transpose.node, takers });
  }
  const takers = takersOf(direct, border, node, facts);
  if (isRefusal(takers)) return takers;
  return [...readings, { transpose: undefined, takers }];
}

/** A Transpose, or a Cast of floating-point numbers with a border of zeros, whose output has the border too. */
function carrierOf(
  node: Node,
  { pads, value }: Border,
  facts: Facts,
): { readonly node: Node; readonly output: Value; readonly perm: Permutation } | undefined {
  const [input, output] = [node.input(0), node.output(0)];
  if (!node.is("Transpose", "Cast") || input === undefined || output === undefined) return undefined;
  if (facts.isCall(node)) return undefined;
  if (node.is("Cast")) {
    const types = [facts.dtype(input), facts.dtype(output)];
    if (value !== 0 || types.some((dtype) => dtype === undefined || !isFloat(dtype))) return undefined;
    return { node, output, perm: pads.slice(0, pads.length / 2).map((_, axis) => axis) };
  }
  const perm = permutationOf(node, facts);
  return isRefusal(perm) ? undefined : { node, output, perm };
}

function takersOf(
  readers: readonly Node[],
  border: Border,
  node: Node,
  facts: Facts,
): Reading["takers"] | Refusal {
  const takers: { reader: Node; pads: readonly number[] }[] = [];
  for (const reader of readers) {
    if (!reader.is(...READERS) || reader.graph !== node.graph || facts.isCall(reader)) {
      return refusals.readerHasNoBorder(reader.label);
    }
    const pads = takePads(reader, border, facts);
    if (isRefusal(pads)) return refusedAt(reader.label, pads);
    takers.push({ reader, pads });
  }
  return takers;
}

function take(rewriter: Rewriter, { transpose, takers }: Reading, input: Value): void {
  const source = transpose === undefined ? input : transposed(rewriter, transpose, input);
  for (const { reader, pads } of takers) {
    rewriter.setInput(reader, 0, source);
    rewriter.setAttribute(reader, "pads", pads);
    rewriter.removeAttribute(reader, "auto_pad");
    if (reader.is("AveragePool")) rewriter.setAttribute(reader, "count_include_pad", 1);
  }
  if (transpose !== undefined) rewriter.removeNode(transpose);
}

/** The same Transpose or Cast, of the tensor without the border. */
function transposed(rewriter: Rewriter, node: Node, input: Value): Value {
  const { graph } = node;
  if (graph === undefined) return input;
  const outputs = [graph.freshName(`${node.output(0)?.name ?? ""}_unpadded`)];
  const made = rewriter.addNode(graph, { ...initOf(node), inputs: [input], outputs }, node);
  return present(made.output(0), `${node.label} has an output`);
}

function readBorder(node: Node, facts: Facts): Border | Refusal {
  const padding = readPad(node, facts);
  if (isRefusal(padding)) return padding;
  const { input, mode, pads, value } = padding;
  if (mode !== "constant") return refusals.padModeIsNotConstant(mode);
  if (pads.length < 6) return refusals.spatialAxesAreUnknown();
  if (pads.some((pad) => pad < 0)) return refusals.padsAreNegative();
  return { input, pads, value };
}

/** The pads of a reader with the border added, or why it cannot take it. */
function takePads(reader: Node, border: Border, facts: Facts): readonly number[] | Refusal {
  if (reader.hasReferences) return irRefusals.attributeComesFromCaller(reader.label);
  const rule = reader.string("auto_pad", "NOTSET");
  if (rule.startsWith("SAME")) return refusals.autoPadFollowsPaddedSize(rule);
  const rank = border.pads.length / 2;
  if (border.pads.some((pad, at) => pad !== 0 && at % rank < 2)) return refusals.batchOrChannelsArePadded();
  const around = border.pads.filter((_, at) => at % rank >= 2);
  const listed = rule === "VALID" ? undefined : reader.ints("pads");
  const own = listed ?? around.map(() => 0);
  if (own.length !== around.length) return shared.padsDoNotFitRank();
  const pads = own.map((pad, at) => pad + (around[at] ?? 0));
  const objection = reader.is("Conv", "ConvInteger", "QLinearConv")
    ? convObjection(reader, border, facts)
    : poolObjection(reader, border, { around, own, pads }, facts);
  return objection ?? pads;
}

function convObjection(reader: Node, { value }: Border, facts: Facts): Refusal | undefined {
  if (reader.is("Conv")) return value === 0 ? undefined : refusals.borderValueDiffers("0", value);
  const point = reader.input(2);
  const zero = point === undefined ? [0] : facts.numbers(point);
  if (zero === undefined) return refusals.borderZeroPointIsUnknown();
  return zero.every((each) => each === value)
    ? undefined
    : refusals.borderValueDiffers("its zero point", value);
}

function poolObjection(
  reader: Node,
  { input, value }: Border,
  { around, own, pads }: Readonly<Record<"around" | "own" | "pads", readonly number[]>>,
  facts: Facts,
): Refusal | undefined {
  const kernel = reader.ints("kernel_shape");
  const spatial = pads.length / 2;
  if (kernel === undefined || kernel.length !== spatial) return refusals.windowIsUnknown();
  if (pads.some((pad, at) => pad >= (kernel[at % spatial] ?? 0))) {
    return refusals.borderIsAsWideAsWindow();
  }
  if (reader.int("ceil_mode", 0) !== 0 && around.slice(spatial).some((pad) => pad !== 0)) {
    return refusals.lastWindowMayStartInBorder();
  }
  if (reader.is("MaxPool")) {
    if (reader.output(1)?.uses.size) return refusals.indicesCountBorder();
    return isLeast(value, input, facts) ? undefined : refusals.borderMayBeLargest(value);
  }
  if (value !== 0) return refusals.borderValueDiffers("0", value);
  if (reader.is("LpPool")) return undefined;
  if ((facts.opset(reader) ?? 0) < 7) return refusals.opsetDoesNotCountBorder();
  if (reader.int("ceil_mode", 0) !== 0) return refusals.lastDivisorIsUnsettled();
  const counts = reader.int("count_include_pad", 0) !== 0;
  return counts || own.every((pad) => pad === 0) ? undefined : refusals.ownBorderIsNotCounted();
}

/** The least number of each type that MaxPool takes. */
const LEAST: Readonly<Record<string, number>> = {
  float: -3.4028234663852886e38,
  double: -Number.MAX_VALUE,
  float16: -65504,
  int8: -128,
  uint8: 0,
};

/** Whether no element can be less than `value`, so that `value` changes no maximum. A NaN is not less. */
function isLeast(value: number, input: Value, facts: Facts): boolean {
  const least = LEAST[facts.dtype(input) ?? ""];
  if (least !== undefined && value <= least) return true;
  const { producer } = input;
  if (!(value <= 0) || producer === undefined || facts.isCall(producer)) return false;
  if (hasTrait(producer, "nonNegative")) return true;
  if (!producer.is("Clip") || producer.hasReferences) return false;
  const low = producer.input(1);
  const bound = low === undefined ? producer.float("min") : facts.numbers(low)?.[0];
  return bound !== undefined && bound >= 0;
}
