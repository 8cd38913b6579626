import type { ErrorRecord } from "../base/error-record.js";
import type { DType } from "../ir/dtype.js";
import type { Port, RuntimeTensor, SessionSettings, Span, TensorMap } from "../runtime/runtime.js";
import type { Frame } from "./frames.js";

/** What one call of the runtime may take before the process is ended. */
export interface Limits {
  /** Seconds. */
  readonly timeout: number;
  /** Bytes of the process, as they are resident. */
  readonly memory: number;
}

/** What the process is asked. Payloads: of "open" the model, where it has no path; of "run" and "race" the feeds. */
export type Request =
  | {
      readonly call: "open";
      readonly session: number;
      readonly path?: string;
      readonly settings: SessionSettings;
      readonly limits: Limits;
    }
  | {
      readonly call: "run";
      readonly session: number;
      readonly feeds: readonly TensorHead[];
      /** Tensors that need not be held any more. */
      readonly forget: readonly number[];
      readonly outputs?: readonly string[];
      readonly limits: Limits;
    }
  | {
      readonly call: "race";
      readonly entrants: readonly RaceEntrant[];
      readonly forget: readonly number[];
      readonly span: Span;
      readonly limits: Limits;
    }
  | { readonly call: "close"; readonly session: number }
  | { readonly call: "peak" };

/** A session to be measured, and its feeds. */
export interface RaceEntrant {
  readonly session: number;
  readonly feeds: readonly TensorHead[];
}

/** A tensor without its elements, which are a payload, or `strings`. */
export interface TensorHead {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly strings?: readonly string[];
  /** The elements are those that the process holds under this number. */
  readonly held?: number;
  /** The elements are to be held under this number. */
  readonly keep?: number;
}

/** What the process answers, in the order of the requests; the first answer, to none, says that it has started. */
export type Reply =
  | { readonly kind: "started"; readonly name: string; readonly version: string }
  | {
      readonly kind: "opened";
      readonly inputs: readonly Port[];
      readonly outputs: readonly Port[];
      readonly milliseconds?: number;
    }
  | { readonly kind: "ran"; readonly outputs: readonly TensorHead[] }
  | { readonly kind: "raced"; readonly times: readonly (readonly number[])[] }
  | { readonly kind: "closed" }
  | { readonly kind: "peak"; readonly bytes: number }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

/** What the watchdog of the process is told: files and folders to remove when the parent has gone. */
export interface Watch {
  readonly add?: string;
  readonly remove?: string;
}

/** Tensors as heads and payloads. */
export function packTensors(tensors: TensorMap): { heads: TensorHead[]; payloads: Uint8Array[] } {
  const heads: TensorHead[] = [];
  const payloads: Uint8Array[] = [];
  for (const [name, { dtype, dims, data }] of tensors) {
    const isRaw = data instanceof Uint8Array;
    heads.push({ name, dtype, dims, ...(isRaw ? {} : { strings: data }) });
    payloads.push(isRaw ? data : new Uint8Array(0));
  }
  return { heads, payloads };
}

/** Tensors from heads and payloads. */
export function unpackTensors(
  heads: readonly TensorHead[],
  payloads: readonly Uint8Array[],
): Map<string, RuntimeTensor> {
  return new Map(
    heads.map(({ name, dtype, dims, strings }, i) => [
      name,
      { dtype, dims, data: strings ?? payloads[i] ?? new Uint8Array(0) },
    ]),
  );
}

/** Decodes a frame of the parent's. */
export function requestOf(frame: Frame): Request {
  return frame.header as Request;
}

/** Decodes a frame of the process's. */
export function replyOf(frame: Frame): Reply {
  return frame.header as Reply;
}

/** Decodes a line to the watchdog. */
export function watchOf(line: string): Watch {
  return JSON.parse(line) as Watch;
}
