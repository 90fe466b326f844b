import type { ProviderFieldsFragment } from '../../client/client.ts';

/** As patients would say it. */
export const providerName = ({ title, firstName, lastName, id }: ProviderFieldsFragment) =>
  [title, firstName, lastName].filter(Boolean).join(' ') || `Provider ${id}`;
