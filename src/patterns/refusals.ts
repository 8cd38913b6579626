import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  maskShapeIsUnknown: (mask: string): string => `the sizes of mask "${mask}" are not known`,
  maskDoesNotFit: (mask: string): string => `mask "${mask}" is not proven to fit the scores`,
  maskRowsAreDynamic: (mask: string): string =>
    `mask "${mask}" has one row for all queries, whose number is not known`,
  maskMayHideRows: (mask: string): string =>
    `mask "${mask}" may hide all keys of a query by the lowest number, of which Attention makes zero`,
} as const;

/** Why an expression that spells out an operator stays as it is. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
