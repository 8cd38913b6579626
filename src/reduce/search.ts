import { NormfoldError } from "../base/errors.js";
import type { Model } from "../ir/model.js";
import { verify } from "../ir/verify.js";
import { encodeModel, encodeToBytes } from "../proto/encode.js";
import { errors } from "./errors.js";
import { Knowledge, type Recording } from "./knowledge.js";

/**
 * What goes wrong with a model, in a few words that are the same wherever the same goes wrong: "exit code 139". Undefined where
 * nothing does. It must not change the model.
 */
export type Observe = (model: Model, signal: AbortSignal) => Promise<string | undefined> | string | undefined;

/** Bytes of a model up to which it is remembered that it was tried. */
const REMEMBERED = 2 ** 20;

/** The smallest model so far on which the same goes wrong as on the first one. */
export class Search {
  /** The models that were tried, the first one not counted. */
  tries = 0;
  #best: Model;
  #known: Knowledge | undefined;
  readonly #observe: Observe;
  readonly #symptom: string;
  readonly #signal: AbortSignal;
  readonly #recording: Recording;
  readonly #isSound: boolean;
  readonly #tried = new Set<string>();

  private constructor(model: Model, symptom: string, { observe, signal, recording }: SearchOptions) {
    this.#best = model;
    this.#observe = observe;
    this.#symptom = symptom;
    this.#signal = signal;
    this.#recording = recording;
    this.#isSound = verify(model).length === 0;
  }

  /** Tries the whole model twice. Throws "usage" where nothing goes wrong, "unsupported" where each time something else does. */
  static async start(model: Model, options: SearchOptions): Promise<Search> {
    const first = await options.observe(model, options.signal);
    const second = await options.observe(model, options.signal);
    if (first === undefined && second === undefined) throw errors.nothingHappens(options.nothing);
    if (first === undefined || first !== second)
      throw errors.symptomIsFlaky(first ?? options.nothing, second ?? options.nothing);
    return new Search(model, first, options);
  }

  get best(): Model {
    return this.#best;
  }

  get symptom(): string {
    return this.#symptom;
  }

  /** What is known of the values of `best`. */
  get known(): Knowledge {
    this.#known ??= new Knowledge(this.#best, this.#recording);
    return this.#known;
  }

  /** Takes a model in place of the best one, if the same goes wrong with it. Throws the signal's reason once it is aborted. */
  async attempt(candidate: Model | undefined): Promise<boolean> {
    this.#signal.throwIfAborted();
    // A model that breaks a rule of ONNX may fail in the same words for another reason.
    if (candidate === undefined || (this.#isSound && verify(candidate).length > 0)) return false;
    if (this.#wasTried(candidate)) return false;
    this.tries++;
    if ((await this.#observed(candidate)) !== this.#symptom) return false;
    this.#best = candidate;
    this.#known = undefined;
    return true;
  }

  /** Takes the first of some models with which the same goes wrong. */
  async attemptOne(candidates: Iterable<Model> | AsyncIterable<Model>): Promise<boolean> {
    for await (const candidate of candidates) if (await this.attempt(candidate)) return true;
    return false;
  }

  /** Whether the same still goes wrong with the best model. */
  async isRepeatable(): Promise<boolean> {
    return (await this.#observed(this.#best)) === this.#symptom;
  }

  async #observed(model: Model): Promise<string | undefined> {
    try {
      return await this.#observe(model, this.#signal);
    } catch (error) {
      this.#signal.throwIfAborted();
      // Parts of a model may be refused for reasons of their own.
      if (error instanceof NormfoldError && error.code !== "io") return undefined;
      throw error;
    }
  }

  #wasTried(candidate: Model): boolean {
    if (encodeModel(candidate, { embedExternal: true }).byteLength > REMEMBERED) return false;
    const key = fingerprint(encodeToBytes(candidate));
    if (this.#tried.has(key)) return true;
    this.#tried.add(key);
    return false;
  }
}

/** How a model is searched for. */
export interface SearchOptions {
  readonly observe: Observe;
  /** What happens where nothing goes wrong, as a clause: "the command ends with exit code 0". */
  readonly nothing: string;
  readonly signal: AbortSignal;
  readonly recording: Recording;
}

/** 64 bits of FNV-1a in two halves: node's hashes are not there in a browser. */
function fingerprint(bytes: Uint8Array): string {
  let [low, high] = [0x811c9dc5, 0x9747b28c];
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x85ebca6b) ^ (high >>> 13);
  }
  return `${bytes.length} ${low} ${high}`;
}
