import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  operatorHasNoReference: (label: string, domain: string | undefined): string =>
    `${label}${domain === undefined || domain === "" ? "" : ` of the domain "${domain}"`} has no float64 reference`,
} as const;

/** Why a model is not evaluated in float64. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
