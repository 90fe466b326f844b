import { CodedError, VendorError, type VendorErrorKind } from '../domain/errors.ts';
import type { Capability, VendorId } from '../domain/vendor.ts';
import { meaningOfRefusal } from '../domain/vendor-failure.ts';
import type { InPart } from '../loaders/read-each.ts';
import { builder, type GraphContext } from './builder.ts';
import { enumType } from './enum-type.ts';
import { Vendor } from './vendor.ts';

export type SourceState =
  | 'OK'
  | 'NOT_CONFIGURED'
  | 'NOT_LINKED'
  | 'AUTHORIZATION_REQUIRED'
  | 'UNAVAILABLE'
  | 'TIMED_OUT'
  | 'RATE_LIMITED'
  | 'REJECTED';

export interface Source {
  vendor: VendorId;
  state: SourceState;
  message: string | null;
  retryAt: Date | null;
}

const SourceStateType = enumType<SourceState>()(
  'SourceState',
  'How a vendor answered for a list.',
  {
    OK: 'Its entries are in the list.',
    NOT_CONFIGURED: 'This deployment has no access to the vendor.',
    NOT_LINKED: 'The patient has no account at the vendor.',
    AUTHORIZATION_REQUIRED: 'The patient has to authorize first; see `connectPatientPortal`.',
    UNAVAILABLE: 'The vendor could not be reached or answered with a fault.',
    TIMED_OUT: 'The vendor did not answer in time.',
    RATE_LIMITED: 'The vendor asks for fewer calls; see `retryAt`.',
    REJECTED: 'The vendor refused the call.',
  },
);

export const SourceStatus = builder.objectRef<Source>('SourceStatus').implement({
  description: 'How one vendor answered for a list that gathers from several.',
  fields: (t) => ({
    vendor: t.expose('vendor', { type: Vendor, nullable: false, description: 'The vendor.' }),
    state: t.expose('state', {
      type: SourceStateType,
      nullable: false,
      description: 'How it answered.',
    }),
    message: t.exposeString('message', {
      description: 'What that means, for people; null when OK.',
    }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      description: 'When it is worth asking again, where that is known.',
    }),
  }),
});

const stateOfKind: Partial<Record<VendorErrorKind, SourceState>> = {
  TIMED_OUT: 'TIMED_OUT',
  RATE_LIMITED: 'RATE_LIMITED',
  AUTHORIZATION_REQUIRED: 'AUTHORIZATION_REQUIRED',
  REJECTED: 'REJECTED',
  CREDENTIAL_REFUSED: 'REJECTED',
  NOT_FOUND: 'REJECTED',
};

const messages: Record<Exclude<SourceState, 'REJECTED'>, string | null> = {
  OK: null,
  NOT_CONFIGURED: 'This vendor is not configured here.',
  NOT_LINKED: 'The patient has no account at this vendor.',
  AUTHORIZATION_REQUIRED: 'The patient has to authorize access at this vendor.',
  UNAVAILABLE: 'This vendor cannot be reached at the moment.',
  TIMED_OUT: 'This vendor did not answer in time.',
  RATE_LIMITED: 'This vendor asks for fewer calls.',
};

const source = (vendor: VendorId, state: keyof typeof messages, retryAt?: Date): Source => ({
  vendor,
  state,
  message: messages[state],
  retryAt: retryAt ?? null,
});

/** @throws the error itself where it is a fault of ours */
function sourceOfError(vendor: VendorId, error: unknown): Source {
  if (error instanceof VendorError) {
    const state = stateOfKind[error.kind] ?? 'UNAVAILABLE';
    return state === 'REJECTED'
      ? { vendor, state, message: meaningOfRefusal(error), retryAt: error.retryAt ?? null }
      : source(vendor, state, error.retryAt);
  }
  if (
    error instanceof CodedError &&
    (error.code === 'NOT_LINKED' || error.code === 'NOT_CONFIGURED')
  ) {
    return source(vendor, error.code);
  }
  throw error;
}

/**
 * Asks several vendors at once; one that fails costs its own part only.
 * @param wanted null for all that offer one of the capabilities
 * @param load all that the vendor has, or what it gave until it failed
 */
export async function gather<T>(
  { vendors }: GraphContext,
  capabilities: readonly Capability[],
  wanted: readonly VendorId[] | null | undefined,
  load: (vendor: VendorId) => Promise<readonly T[] | InPart<T>>,
): Promise<{ items: T[]; sources: Source[]; complete: boolean }> {
  const offering = vendors.descriptions
    .filter((vendor) => capabilities.some((capability) => vendor.capabilities.includes(capability)))
    .map(({ id }) => id)
    .filter((id) => wanted == null || wanted.includes(id));
  const answers = await Promise.all(
    offering.map(async (vendor) => {
      if (vendors.find(vendor) === undefined) {
        return { items: [], source: source(vendor, 'NOT_CONFIGURED') };
      }
      try {
        const loaded = await load(vendor);
        return 'failure' in loaded
          ? { items: loaded.items, source: sourceOfError(vendor, loaded.failure) }
          : { items: loaded, source: source(vendor, 'OK') };
      } catch (error) {
        return { items: [], source: sourceOfError(vendor, error) };
      }
    }),
  );
  const silent: readonly SourceState[] = ['OK', 'NOT_CONFIGURED', 'NOT_LINKED'];
  return {
    items: answers.flatMap(({ items }) => items),
    sources: answers.map((answer) => answer.source),
    complete: answers.every((answer) => silent.includes(answer.source.state)),
  };
}
