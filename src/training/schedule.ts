import { errors } from "./errors.js";

/** How the learning rate goes over the steps, after a linear warm-up. */
export type Schedule = {
  /** Steps over which it rises from 0. Default 0. */
  readonly warmup?: number;
} & (
  | { readonly kind: "constant" }
  /** Times `factor` (default 0.1) after every `every` steps. */
  | { readonly kind: "step"; readonly every: number; readonly factor?: number }
  /** Falls evenly by `factor` (default 0.1) every `every` steps. */
  | { readonly kind: "exponential"; readonly every: number; readonly factor?: number }
  /** Half a cosine wave down to 0 at the last step. */
  | { readonly kind: "cosine" }
  /** A straight line down to 0 at the last step. */
  | { readonly kind: "linear" }
);

export type ScheduleKind = Schedule["kind"];

export const SCHEDULES: readonly ScheduleKind[] = ["constant", "step", "exponential", "cosine", "linear"];

/** The learning rate of step `step` (from 0) of `total`, where it starts from `base`. */
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
