import { invalidInput } from '../domain/errors.ts';
import type { PortalAccess } from '../domain/records.ts';
import { type ActionEnvironment, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';
import { signIn, visitVendor } from './visit-flow.ts';

export interface CreatePortalLinkInput {
  patientId: string;
  destination: 'DASHBOARD' | 'ROOM';
  roomSlug?: string | null | undefined;
  hideNavigation: boolean;
  disableEmails: boolean;
}

/**
 * A link that signs the patient in to the visits portal (VSee use case 1: `users/sso`, then the auth
 * link). The token is always a new one, so that the link lives as long as it can.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_CONFIGURED
 */
export async function createPortalLink(
  environment: ActionEnvironment,
  input: CreatePortalLinkInput,
): Promise<{ portalAccess: PortalAccess } & Ledgered> {
  const { store, loaders } = environment;
  const patient = await patientOf(environment, 'createPortalLink', input.patientId);
  const { destination, hideNavigation, disableEmails } = input;
  const roomSlug = input.roomSlug ?? null;
  if (destination === 'ROOM' && roomSlug === null) {
    throw invalidInput('The destination ROOM needs a roomSlug.', 'roomSlug');
  }
  if (destination === 'DASHBOARD' && roomSlug !== null) {
    throw invalidInput('A roomSlug goes with the destination ROOM only.', 'roomSlug');
  }
  if (roomSlug !== null && !/^[A-Za-z0-9_-]{1,64}$/.test(roomSlug)) {
    throw invalidInput('This cannot be a room slug.', 'roomSlug');
  }
  const adapter = visitVendor(environment);
  const write = {
    action: 'createPortalLink',
    input,
    patient,
    vendor: adapter.id,
  } as const;
  const prepare = async () => null;
  return ledgered(environment, write, prepare, async (work) => {
    const session = await signIn(environment, work, adapter, patient, {
      renew: true,
      disableEmails,
    });
    const recorded = await store.portalAccess.add({
      id: work.operationId,
      patientId: patient.id,
      vendor: adapter.id,
      status: 'ACTIVE',
      expiresAt: session.expiresAt,
    });
    loaders.register.portalAccesses.clear(patient.id);
    const redirectUrl = adapter.visits.portalLink(session, { roomSlug, hideNavigation });
    return { portalAccess: { ...recorded, redirectUrl } };
  });
}
