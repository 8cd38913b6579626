import { createFacts } from "../analysis/fact-table.js";
import { defined } from "../base/optional.js";
import type { Refusal } from "../base/refusal.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import type { Value } from "../ir/graph.js";
import { keepInputs, raisedFrom } from "../ir/ir-version.js";
import type { Model } from "../ir/model.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { assertValid } from "../ir/verify.js";
import { raiseOpset } from "../opset/raise.js";
import type { Facts } from "../rules/facts.js";
import { removeUnusedConstants } from "./edit.js";
import { baseName, emitNormalization, type NormalizationParameters, redirect } from "./emit-normalization.js";
import { errors } from "./errors.js";
import { type InsertOptions, type InsertSettings, settingsOf } from "./insert-options.js";
import type { InsertedSite, InsertReport } from "./insert-report.js";
import { nodeBehind } from "./neighbours.js";
import { freshParameters, identityParameters } from "./parameters.js";
import { proveInsertion } from "./prove.js";
import { type FoundRecurrent, findRecurrent, splitRecurrent } from "./recurrent.js";
import { refusals } from "./refusals.js";
import { type LinearLayer, type PassedOver, passOver, type Site } from "./site.js";
import { findSites } from "./sites.js";
import { estimateStatistics, type LayerStatistics } from "./statistics.js";

/** A model with normalizations, and the report. */
export interface InsertResult {
  /** A changed copy of the model that was given. */
  readonly model: Model;
  /** What was done. */
  readonly report: InsertReport;
}

/**
 * Inserts BatchNormalization between linear layers and nonlinearities, in a copy of the model: z = g(Wu + b) becomes z
 * = g(BN(Wu)) (Ioffe & Szegedy 2015, section 3.2). All statistics are measured on the original in one pass. Throws
 * "usage" without data for init identity and for options that make no sense, "unsupported" where the model cannot be
 * raised to an opset with the training form, and the errors of estimateStatistics.
 */
export async function insertBatchNorm(model: Model, options: InsertOptions = {}): Promise<InsertResult> {
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
    const listed = chosen.map((site) => insertedSite(site, settings.init, []));
    // A second copy, because the first has its recurrent layers split.
    const same = cloneModel(model);
    return {
      model: same,
      report: { ...base, sites: listed, raisedIrVersion: undefined, batches: 0, samples: 0, ...UNPROVEN },
    };
  }
  const measured = await measureSites(copy, chosen, settings, options);
  const changed = new Set(chosen.map((site) => site.layer?.raw.name ?? site.value.name));
  const inserted: InsertedSite[] = [];
  for (const site of chosen) {
    const parameters = parametersOf(site, settings, measured.statistics.get(site));
    inserted.push(insertedSite(site, settings.init, insertAt(site, parameters, settings, facts)));
  }
  for (const graph of copy.graph.withSubgraphs()) removeUnusedConstants(graph);
  keepInputs(copy);
  assertValid(copy);
  const keepsFunction = settings.init === "identity" && settings.form === "inference" && inserted.length > 0;
  const proof =
    keepsFunction && options.check !== false
      ? await proveInsertion(model, copy, options.data, options, changed)
      : UNPROVEN;
  const { batches, samples } = measured;
  const raisedIrVersion = raisedFrom(model, copy);
  return { model: copy, report: { ...base, sites: inserted, raisedIrVersion, batches, samples, ...proof } };
}

const UNPROVEN = { check: undefined, accuracy: undefined };

/** The sites that can have the form, and the others with the reason. */
function selectForForm(
  sites: readonly Site[],
  settings: InsertSettings,
  facts: Facts,
): readonly [Site[], PassedOver[]] {
  const chosen: Site[] = [];
  const refused: PassedOver[] = [];
  for (const site of sites) {
    const refusal = whyNotInForm(site, settings, facts);
    if (refusal === undefined) chosen.push(site);
    else refused.push(passOver(site.name, operatorOf(site), refusal));
  }
  return [chosen, refused];
}

const NO_RECURRENT: FoundRecurrent = { layers: [], passedOver: [] };

/** The input terms of the recurrent layers that can have the form; `refused` gets the others. */
function splitFitting(
  { layers }: FoundRecurrent,
  { form }: InsertSettings,
  refused: PassedOver[],
): readonly Site[] {
  return layers.flatMap((layer) => {
    if (!layer.inBody || form !== "training") return [splitRecurrent(layer)];
    refused.push(passOver(layer.name, layer.node.opType, refusals.bodyGivesNoStatistics()));
    return [];
  });
}

function whyNotInForm(site: Site, { form, decompose }: InsertSettings, facts: Facts): Refusal | undefined {
  if (site.inBody && form === "training") return refusals.bodyGivesNoStatistics();
  if (decompose && facts.rank(site.value) === undefined) return refusals.decomposedFormNeedsRank();
  const { producer } = site.value;
  const opset = (producer && facts.opset(producer)) ?? 0;
  const rows = site.axis === -1 && facts.rank(site.value) !== 2;
  if (rows && opset < 5) return refusals.rowsNeedComputedReshape();
  return undefined;
}

/**
 * The first opset whose BatchNormalization has the form. Opset 14 brought a training form that runtimes support. Its
 * statistics are float16 where its input is, and onnxruntime 1.30 then mixes up those of several nodes; from opset 15
 * on they may be float.
 */
function leastOpset(model: Model, { form, decompose }: InsertSettings): number {
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
  { init }: InsertSettings,
  options: InsertOptions,
): Promise<MeasuredSites> {
  const measurable = sites.filter((site) => !site.inBody);
  if (init === "fresh" || measurable.length === 0) return { statistics: new Map(), batches: 0, samples: 0 };
  if (options.data === undefined) throw errors.identityNeedsData();
  const { batchSize, limit, seed, runtime, threads, onProgress, signal } = options;
  const report = await estimateStatistics(model, options.data, {
    targets: measurable,
    method: "pooled",
    ...defined({ batchSize, limit, seed, runtime, threads, onProgress, signal }),
  });
  const statistics = new Map<Site, LayerStatistics>();
  measurable.forEach((site, i) => {
    const layer = report.layers[i];
    if (layer !== undefined) statistics.set(site, layer);
  });
  return { statistics, batches: report.batches, samples: report.samples };
}

/** The bias that beta takes over. It stays where something reads the layer without the normalization. */
function takenBias(site: Site): Float64Array | undefined {
  return site.exclusive ? site.layer?.bias : undefined;
}

function parametersOf(
  site: Site,
  settings: InsertSettings,
  statistics: LayerStatistics | undefined,
): NormalizationParameters {
  const bias = takenBias(site);
  if (settings.init === "fresh") return freshParameters(site.channels, bias);
  // In a body nothing is measured; with identity parameters any statistics leave the values as they are.
  const neutral = {
    mean: bias ?? new Float64Array(site.channels),
    variance: new Float64Array(site.channels).fill(1),
  };
  return identityParameters(site.name, site.dtype, settings.epsilon, statistics ?? neutral, bias);
}

/** Inserts the normalization, and gives the names of the outputs with its running statistics. */
function insertAt(
  site: Site,
  parameters: NormalizationParameters,
  settings: InsertSettings,
  facts: Facts,
): readonly string[] {
  const { value, layer } = site;
  const { graph } = value;
  const taken = takenBias(site) !== undefined && layer !== undefined;
  const x = taken ? layer.raw : value;
  const { producer } = value;
  const opset = (producer && facts.opset(producer)) ?? 0;
  const { output, running } = emitNormalization(x, site.axis, facts.shape(value), nodeBehind(value), {
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
    // Before opset 11 Gemm requires its C.
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

function insertedSite(
  site: Site,
  init: InsertSettings["init"],
  runningOutputs: readonly string[],
): InsertedSite {
  const { layer } = site;
  const bias = takenBias(site) !== undefined;
  const kept =
    layer?.biasKept ?? (layer?.bias === undefined ? undefined : refusals.layerBiasIsReadElsewhere());
  return {
    name: site.name,
    opType: operatorOf(site),
    activations: site.activations.map(({ node, kind }) => ({ name: node.name || node.key, opType: kind })),
    channels: site.channels,
    axis: site.axis,
    readers: site.exclusive ? "all" : "activations",
    bias: bias ? "taken over" : kept === undefined ? "none" : "kept",
    biasKept: bias ? undefined : kept?.reason,
    biasKeptId: bias ? undefined : kept?.id,
    statistics: init === "identity" && !site.inBody ? "measured" : "neutral",
    runningOutputs,
  };
}

function operatorOf(site: Site): string {
  return site.layer?.node.opType ?? site.value.producer?.opType ?? "Add";
}
