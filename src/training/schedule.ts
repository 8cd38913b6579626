import { TRAINING_METHOD } from "../options/train.js";
import { errors } from "./errors.js";

/** How the learning rate changes over the steps, after a linear warm-up. */
export type Schedule = {
  /** Steps over which the rate rises from 0, a whole number. Default 0. */
  readonly warmup?: number;
} & (
  | {
      /** The same rate at every step. */
      readonly kind: "constant";
    }
  | {
      /** Falls at once, by `factor` after every `every` steps. */
      readonly kind: "step";
      /** Steps between two falls, above 0. */
      readonly every: number;
      /** What the rate is multiplied by, above 0. Default 0.1. */
      readonly factor?: number;
    }
  | {
      /** Falls a little at each step, by `factor` over `every` steps. */
      readonly kind: "exponential";
      /** Steps over which the rate falls by `factor`, above 0. */
      readonly every: number;
      /** What the rate is multiplied by, above 0. Default 0.1. */
      readonly factor?: number;
    }
  | {
      /** Half a cosine wave down to 0 at the last step. */
      readonly kind: "cosine";
    }
  | {
      /** A straight line down to 0 at the last step. */
      readonly kind: "linear";
    }
);

/** The name of a schedule. */
export type ScheduleKind = Schedule["kind"];

/** All schedules. */
export const SCHEDULES: readonly ScheduleKind[] = TRAINING_METHOD.schedule.choices;

/** The learning rate of step `step` (from 0) of `total`, for the rate `base` that is given. */
export function learningRateAt(schedule: Schedule, base: number, step: number, total: number): number {
  const { warmup = 0 } = schedule;
  if (step < warmup) return (base * (step + 1)) / warmup;
  const done = step - warmup;
  const left = Math.max(1, total - warmup);
  switch (schedule.kind) {
    case "constant":
      return base;
    case "step":
      return base * (schedule.factor ?? 0.1) ** Math.floor(done / schedule.every);
    case "exponential":
      return base * (schedule.factor ?? 0.1) ** (done / schedule.every);
    case "cosine":
      return (base * (1 + Math.cos((Math.PI * Math.min(done, left)) / left))) / 2;
    case "linear":
      return base * (1 - Math.min(done, left) / left);
  }
}

/** Throws NormfoldError "usage" for a schedule that makes no sense. */
export function assertSchedule(schedule: Schedule): void {
  const { warmup = 0 } = schedule;
  if (!Number.isInteger(warmup) || warmup < 0) {
    throw errors.warmupIsNotWhole(warmup);
  }
  if (schedule.kind !== "step" && schedule.kind !== "exponential") return;
  if (!(schedule.every > 0)) throw errors.scheduleIntervalOutsideRange(schedule.kind, schedule.every);
  if (schedule.factor !== undefined && !(schedule.factor > 0)) {
    throw errors.scheduleFactorOutsideRange(schedule.factor);
  }
}
