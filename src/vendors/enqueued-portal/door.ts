import type { Capability, VendorAdapter } from '../../domain/vendor.ts';
import { credential, type VendorParts } from '../vendor-definition.ts';
import { createEnqueuedPortalCapabilities } from './adapter.ts';
import { createEnqueuedPortalClient } from './client.ts';

/** What both vendors offer. */
export const enqueuedPortalCapabilities = [
  'staffLinking',
  'profile',
  'portalRequests',
  'invitations',
  'directory',
] as const satisfies readonly Capability[];

/** The Basic user name: a colon would end it. */
export const portalUserName = (description: string) =>
  credential(description).refine((name) => !name.includes(':'), 'must not contain a colon');

/** One vendor's host and account, free of the names of its environment variables. */
export interface EnqueuedPortalSettings {
  label: string;
  /** Includes `/api/v1/`. */
  url: URL;
  username: string;
  password: string;
  /** Milliseconds per attempt; default 5 s for reads, 15 s for writes. */
  timeout: number | undefined;
  /** Default 16. */
  concurrency: number | undefined;
}

/** MD HQ is Cerbo's former name: one contract, two hosts. */
export function createEnqueuedPortal<Settings>(
  { id, transport: open }: Pick<VendorParts<Settings>, 'id' | 'transport'>,
  { label, url, timeout, concurrency, ...credentials }: EnqueuedPortalSettings,
): VendorAdapter {
  const transport = open({
    baseUrl: url,
    timeouts: { read: timeout ?? 5000, write: timeout ?? 15_000 },
    concurrency: concurrency ?? 16,
  });
  return {
    id,
    label,
    health: () => transport.health(),
    ...createEnqueuedPortalCapabilities(id, createEnqueuedPortalClient(transport, credentials)),
  };
}
