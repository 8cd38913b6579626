import { durationText } from "./units.js";

const BAR = 16;

/** `measuring [####------------] 120/480, 35/s, 10 s left`; without a total, the count and the pace alone. */
export function progressText(
  doing: string,
  done: number,
  total: number | undefined,
  milliseconds: number,
): string {
  const rate = milliseconds > 0 ? (done * 1000) / milliseconds : 0;
  const speed = `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`;
  if (total === undefined || total === 0) return `${doing} ${done}, ${speed}`;
  const part = Math.min(1, done / total);
  const filled = Math.round(part * BAR);
  const bar = `[${"#".repeat(filled)}${"-".repeat(BAR - filled)}]`;
  const left = done === 0 ? "" : `, ${durationText((milliseconds * (total - done)) / done)} left`;
  return `${doing} ${bar} ${done}/${total}, ${speed}${left}`;
}
