import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  groupsDoNotDivideChannels: [
    "invalid",
    (groups: number, channels: number): string => `${groups} groups of ${channels} channels`,
  ],
  normalizesOverChannels: ["unsupported", (): string => "it normalizes over axis 1"],
  normalizesEachPlace: ["unsupported", (): string => "it normalizes each place by itself (spatial = 0)"],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
