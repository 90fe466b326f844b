/**
 * What a field costs at the vendors, declared where the field is, as `extensions: cost({ … })`. The
 * server adds it up before it executes a document, see `plugins/query-cost.ts`.
 */
export interface FieldCost {
  /** Vendor calls that the field itself makes, at most or as reckoned. */
  vendorCalls?: number;
  /** Vendor calls for each entry of the page, or for each different key of a vendor's record. */
  vendorCallsPerEntry?: number;
  /** Entries that a list without `first`, `last` and `ids` is reckoned to have; default ten. */
  listSize?: number;
  /** The field leads back to the patient that it was reached from: their calls are made once. */
  samePatient?: boolean;
}

/** As a field's `extensions`. */
export const cost = (declared: FieldCost): { cost: FieldCost } => ({ cost: declared });

/** The declaration in a field's `extensions`; of an undeclared field, an empty one. */
export const costOf = (extensions: Readonly<Record<string, unknown>>): FieldCost =>
  (extensions.cost as FieldCost | undefined) ?? {};
