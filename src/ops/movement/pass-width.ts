import type { SymDim } from "../../rules/dims.js";

/** Channels in all maps of parts of one tensor; from here on they would take seconds. */
const MANY_CHANNELS = 1 << 21;

/** Whether a map of all `channels` for each of `parts` parts comes to too much. */
export function mapsAreTooWide(parts: number, channels: SymDim | undefined): boolean {
  return typeof channels === "number" && parts * channels > MANY_CHANNELS;
}
