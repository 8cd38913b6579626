import { createFacts } from "../analysis/fact-table.js";
import { NormfoldError } from "../base/errors.js";
import type { Dataset } from "../data/dataset.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { assertValid } from "../ir/verify.js";
import { raiseOpset } from "../opset/index.js";
import type { AccuracyReport } from "../reference/measure-models.js";
import type { Facts } from "../rules/facts.js";
import type { CheckReport } from "../runtime/check-report.js";
import { removeUnusedConstants } from "./edit.js";
import { baseName, emitNormalization, type Parameters, redirect } from "./emit.js";
import { behind } from "./instrument.js";
import { freshParameters, identityParameters } from "./parameters.js";
import { proveInsertion } from "./prove.js";
import { type FoundRecurrent, findRecurrent, splitRecurrent } from "./recurrent.js";
import type { LinearLayer, PassedOver, Site, SiteOptions } from "./site.js";
import { findSites } from "./sites.js";
import { estimateStatistics, type LayerStatistics, type StatisticsOptions } from "./statistics.js";

export interface InsertOptions
  extends SiteOptions,
    Pick<
      StatisticsOptions,
      "batchSize" | "limit" | "seed" | "runtime" | "threads" | "onProgress" | "signal"
    > {
  /**
   * identity (default): the function of the model stays; gamma and beta come from the statistics of `data`. fresh: gamma 1 and beta
   * the layer's bias, for training from the start; needs no data, and changes the function.
   */
  readonly init?: "identity" | "fresh";
  /** inference (default): the ordinary form. training: training_mode = 1, with the updated running statistics as further outputs. */
  readonly form?: "inference" | "training";
  /**
   * Also normalize W x, the input term of LSTM, GRU and RNN, with statistics over batch and time. It becomes a MatMul of its own, which
   * `freeze` and `optimize` fold back into W and B; until then W is a constant that picks each gate its part, [directions,
   * gates * hidden, directions * gates * hidden]. Default false.
   */
  readonly recurrent?: boolean;
  /** The training form in plain operators, for runtimes without it. */
  readonly decompose?: boolean;
  /** What the statistics come from; needed by identity. */
  readonly data?: Dataset;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** ONNX's convention, the share of the old value in a running statistic (PyTorch's momentum is 1 minus it). Default 0.9. */
  readonly momentum?: number;
  /** Only list the sites. */
  readonly dryRun?: boolean;
  /** Compare with the original in the runtime where the function should have stayed. Default true. */
  readonly check?: boolean;
  /**
   * Also measure how far original and result each are from a float64 evaluation of the original, on what the check compares:
   * `report.accuracy`. Slow.
   */
  readonly reference?: boolean;
}

/** What became of one site. Plain data. */
export interface InsertedSite {
  /** The layer, or the sum, that is normalized. */
  readonly name: string;
  readonly opType: string;
  readonly activations: readonly { readonly name: string; readonly opType: string }[];
  readonly channels: number;
  /** The axis of the channels: 1, or -1 for the last. */
  readonly axis: 1 | -1;
  /** all: everything that reads the layer sees it normalized. activations: others read it as it was. */
  readonly readers: "all" | "activations";
  /** taken over: beta does its work. kept: `biasKept` says why. */
  readonly bias: "none" | "taken over" | "kept";
  readonly biasKept: string | undefined;
  /** Where the running statistics come from: data, or 0 and 1. */
  readonly statistics: "measured" | "neutral";
  /** Names of the outputs with the updated running mean and variance, in training form. */
  readonly runningOutputs: readonly string[];
}

export interface InsertReport {
  readonly init: "identity" | "fresh";
  readonly form: "inference" | "training";
  readonly decomposed: boolean;
  readonly epsilon: number;
  readonly momentum: number;
  readonly sites: readonly InsertedSite[];
  readonly passedOver: readonly PassedOver[];
  /** Batches and samples that were measured. */
  readonly batches: number;
  readonly samples: number;
  /** How far the outputs moved, in inference form with identity; undefined where that says nothing. */
  readonly check: CheckReport | undefined;
  /** With `reference`, where there is a check: the distances from a float64 evaluation, or why there is none. */
  readonly accuracy: AccuracyReport | undefined;
}

/**
 * Inserts BatchNormalization between linear layers and nonlinearities, z = g(Wu + b) becomes z = g(BN(Wu)), in a copy of the model.
 * All statistics are measured on the original in one pass. Throws "usage" without data for identity, "unsupported" where the form cannot
 * be had, and what estimateStatistics throws.
 */
export async function insertBatchNorm(
  model: Model,
  options: InsertOptions = {},
): Promise<{ readonly model: Model; readonly report: InsertReport }> {
  const settings = settingsOf(options);
  const copy = cloneModel(model);
  const least = leastOpset(copy, settings);
  if ((copy.opset() ?? 1) < least && !options.dryRun) raiseOpset(copy, least);
  const facts = createFacts(copy);
  const { sites, passedOver } = findSites(copy, options, facts);
  const recurrent = options.recurrent ? findRecurrent(copy, options, facts) : NO_RECURRENT;
  const [fitting, refused] = selectForForm(sites, settings, facts);
  const chosen = [...fitting, ...splitFitting(recurrent, settings, refused)];
  const base = {
    init: settings.init,
    form: settings.form,
    decomposed: settings.decompose,
    epsilon: settings.epsilon,
    momentum: settings.momentum,
    passedOver: [...passedOver, ...recurrent.passedOver, ...refused],
  };
  if (options.dryRun) {
    const listed = chosen.map((site) => describe(site, settings.init, []));
    // Recurrent layers are split in the copy to be listed.
    const same = cloneModel(model);
    return { model: same, report: { ...base, sites: listed, batches: 0, samples: 0, ...UNPROVEN } };
  }
  const measured = await measureSites(copy, chosen, settings, options);
  const changed = new Set(chosen.map((site) => site.layer?.raw.name ?? site.value.name));
  const inserted: InsertedSite[] = [];
  for (const site of chosen) {
    const parameters = parametersOf(site, settings, measured.statistics.get(site));
    inserted.push(describe(site, settings.init, insertAt(site, parameters, settings, facts)));
  }
  for (const graph of copy.graph.withSubgraphs()) removeUnusedConstants(graph);
  assertValid(copy);
  const keepsFunction = settings.init === "identity" && settings.form === "inference" && inserted.length > 0;
  const proof =
    keepsFunction && options.check !== false
      ? await proveInsertion(model, copy, options.data, options, changed)
      : UNPROVEN;
  const { batches, samples } = measured;
  return { model: copy, report: { ...base, sites: inserted, batches, samples, ...proof } };
}

const UNPROVEN = { check: undefined, accuracy: undefined };

interface Settings {
  readonly init: "identity" | "fresh";
  readonly form: "inference" | "training";
  readonly decompose: boolean;
  readonly epsilon: number;
  readonly momentum: number;
}

function settingsOf(options: InsertOptions): Settings {
  const {
    init = "identity",
    form = "inference",
    decompose = false,
    epsilon = 1e-5,
    momentum = 0.9,
  } = options;
  if (!(epsilon > 0 && epsilon < 1))
    throw new NormfoldError("usage", `epsilon ${epsilon} is not between 0 and 1`);
  if (!(momentum >= 0 && momentum < 1)) {
    throw new NormfoldError(
      "usage",
      `momentum ${momentum} is not in [0, 1); it is the share of the old value`,
    );
  }
  if (decompose && form !== "training") {
    throw new NormfoldError(
      "usage",
      "only the training form can be decomposed; ask for it, or leave decompose out",
    );
  }
  // As the attribute stores them.
  return { init, form, decompose, epsilon: Math.fround(epsilon), momentum: Math.fround(momentum) };
}

/** The sites that can have the form, and why others cannot. */
function selectForForm(
  sites: readonly Site[],
  settings: Settings,
  facts: Facts,
): readonly [Site[], PassedOver[]] {
  const chosen: Site[] = [];
  const refused: PassedOver[] = [];
  for (const site of sites) {
    const reason = refusal(site, settings, facts);
    if (reason === undefined) chosen.push(site);
    else refused.push({ node: site.name, opType: operatorOf(site), reason });
  }
  return [chosen, refused];
}

const NO_RECURRENT: FoundRecurrent = { layers: [], passedOver: [] };

/** The input terms of the recurrent layers that can have the form; `refused` gets the others. */
function splitFitting(
  { layers }: FoundRecurrent,
  { form }: Settings,
  refused: PassedOver[],
): readonly Site[] {
  return layers.flatMap((layer) => {
    if (!layer.inBody || form !== "training") return [splitRecurrent(layer)];
    refused.push({ node: layer.name, opType: layer.node.opType, reason: NO_STATISTICS });
    return [];
  });
}

const NO_STATISTICS = "the body of a control-flow operator gives no running statistics out";

function refusal(site: Site, { form, decompose }: Settings, facts: Facts): string | undefined {
  if (site.inBody && form === "training") return NO_STATISTICS;
  if (decompose && facts.rank(site.value) === undefined)
    return "its rank is not known, which the decomposed form needs";
  const { producer } = site.value;
  const opset = (producer && facts.opset(producer)) ?? 0;
  const rows = site.axis === -1 && facts.rank(site.value) !== 2;
  if (rows && opset < 5) return "before opset 5 Reshape takes no computed sizes";
  return undefined;
}

/**
 * The first version whose BatchNormalization has the form. Opset 14 has a training form that runtimes run; its statistics are float16 where
 * its input is, in which onnxruntime 1.30 mixes up those of several nodes, and from opset 15 on they may be float.
 */
function leastOpset(model: Model, { form, decompose }: Settings): number {
  if (form !== "training" || decompose) return 1;
  const facts = createFacts(model);
  const isHalf = (value: Value | null): boolean => {
    const dtype = value === null ? undefined : facts.dtype(value);
    return dtype === "float16" || dtype === "bfloat16";
  };
  return [...model.nodes()].some((node) => node.outputs.some(isHalf)) ? 15 : 14;
}

interface MeasuredSites {
  readonly statistics: ReadonlyMap<Site, LayerStatistics>;
  readonly batches: number;
  readonly samples: number;
}

async function measureSites(
  model: Model,
  sites: readonly Site[],
  { init }: Settings,
  options: InsertOptions,
): Promise<MeasuredSites> {
  const measurable = sites.filter((site) => !site.inBody);
  if (init === "fresh" || measurable.length === 0) return { statistics: new Map(), batches: 0, samples: 0 };
  if (options.data === undefined) {
    throw new NormfoldError("usage", "identity takes the statistics from data; give some, or ask for fresh");
  }
  const { batchSize, limit, seed, runtime, threads, onProgress, signal } = options;
  const report = await estimateStatistics(model, options.data, {
    targets: measurable,
    method: "pooled",
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(limit === undefined ? {} : { limit }),
    ...(seed === undefined ? {} : { seed }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(threads === undefined ? {} : { threads }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
  const statistics = new Map<Site, LayerStatistics>();
  measurable.forEach((site, i) => {
    const layer = report.layers[i];
    if (layer !== undefined) statistics.set(site, layer);
  });
  return { statistics, batches: report.batches, samples: report.samples };
}

/** The bias that beta takes over: it goes only where everything that reads it sees the normalization. */
function takenBias(site: Site): Float64Array | undefined {
  return site.exclusive ? site.layer?.bias : undefined;
}

function parametersOf(site: Site, settings: Settings, statistics: LayerStatistics | undefined): Parameters {
  const bias = takenBias(site);
  if (settings.init === "fresh") return freshParameters(site.channels, bias);
  // In a body nothing is measured; any statistics leave the values as they are.
  const neutral = {
    mean: bias ?? new Float64Array(site.channels),
    variance: new Float64Array(site.channels).fill(1),
  };
  return identityParameters(site.name, site.dtype, settings.epsilon, statistics ?? neutral, bias);
}

/** Puts the normalization in; gives the names of the outputs with its running statistics. */
function insertAt(site: Site, parameters: Parameters, settings: Settings, facts: Facts): readonly string[] {
  const { value, layer } = site;
  const { graph } = value;
  const taken = takenBias(site) !== undefined && layer !== undefined;
  const x = taken ? layer.raw : value;
  const { producer } = value;
  const opset = (producer && facts.opset(producer)) ?? 0;
  const { output, running } = emitNormalization(x, site.axis, facts.shape(value), behind(value), {
    base: baseName(site.name),
    parameters,
    channels: site.channels,
    dtype: site.dtype,
    opset,
    epsilon: settings.epsilon,
    momentum: settings.momentum,
    form: settings.decompose ? "decomposed" : settings.form,
  });
  redirect(
    site.readers.flatMap((use) => (use.kind === "node" ? [use] : [])),
    output,
  );
  if (taken) dropBias(layer, output, opset);
  for (const statistic of running ?? []) graph.addOutput(statistic);
  return (running ?? []).map((statistic) => statistic.name);
}

function dropBias({ node, biasAdd, dtype }: LinearLayer, output: Value, opset: number): void {
  const { graph } = output;
  if (biasAdd === undefined) {
    // Before opset 11 Gemm cannot be without its C.
    const needed = node.is("Gemm") && opset < 11;
    const zero = needed
      ? new Builder(graph, { before: node }).constant(tensorFromNumbers(dtype, [1], [0]))
      : undefined;
    node.setInputs([...node.inputs.slice(0, 2), ...(zero === undefined ? [] : [zero])]);
    return;
  }
  const sum = biasAdd.output(0);
  // Shape and Size may still read the sum; its sizes are those of the normalized values.
  if (sum !== undefined && sum.uses.size > 0) graph.replaceUses(sum, output);
  graph.removeNode(biasAdd);
}

function describe(site: Site, init: Settings["init"], runningOutputs: readonly string[]): InsertedSite {
  const { layer } = site;
  const bias = takenBias(site) !== undefined;
  const kept =
    layer?.biasKept ?? (layer?.bias === undefined ? undefined : "others read the layer with its bias");
  return {
    name: site.name,
    opType: operatorOf(site),
    activations: site.activations.map(({ node, kind }) => ({ name: node.name || node.key, opType: kind })),
    channels: site.channels,
    axis: site.axis,
    readers: site.exclusive ? "all" : "activations",
    bias: bias ? "taken over" : kept === undefined ? "none" : "kept",
    biasKept: bias ? undefined : kept,
    statistics: init === "identity" && !site.inBody ? "measured" : "neutral",
    runningOutputs,
  };
}

function operatorOf(site: Site): string {
  return site.layer?.node.opType ?? site.value.producer?.opType ?? "Add";
}
