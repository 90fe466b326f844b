import type {
  PatientDirectory,
  PortalInvitations,
  PortalRequestQueue,
} from '../../domain/capabilities/portal-requests.ts';
import { VendorError } from '../../domain/errors.ts';
import type { RequestScope } from '../../domain/request.ts';
import type {
  AccountReference,
  StaffLinking,
  VendorAdapter,
  VendorId,
} from '../../domain/vendor.ts';
import type { EnqueuedPortalClient } from './client.ts';
import {
  checkPortalId,
  goesOn,
  hasEmail,
  portalIdPattern,
  toPortalRequest,
  toProfile,
  toSearchTerms,
} from './map.ts';
import type { EnqueuedPatient, EnqueuedPortalRequest } from './wire.ts';

/** Patients per page of a search; the vendors' own limit. */
const longestPage = 100;
/** A queue of more pages than this is a fault. */
const mostPages = 50;

export interface EnqueuedPortalCapabilities {
  staffLinking: StaffLinking;
  profile: NonNullable<VendorAdapter['profile']>;
  portalRequests: PortalRequestQueue;
  invitations: PortalInvitations;
  directory: PatientDirectory;
}

const isKind = (error: unknown, kind: VendorError['kind']) =>
  error instanceof VendorError && error.kind === kind;

/** What Cerbo and MD HQ can do, in domain words: one contract, two vendors. */
export function createEnqueuedPortalCapabilities(
  vendor: VendorId,
  client: EnqueuedPortalClient,
): EnqueuedPortalCapabilities {
  const unusable = (operation: string, reason: string) =>
    new VendorError({ vendor, operation, kind: 'UNEXPECTED_SHAPE', reason });
  const noRoute = (operation: string) =>
    new VendorError({ vendor, operation, kind: 'REJECTED', reason: 'route_absent', status: 404 });

  /** The whole queue, or an error: a queue cut short would make waiting requests look done. */
  async function readQueue(scope: RequestScope, ptId: string): Promise<EnqueuedPortalRequest[]> {
    const items = new Map<string, EnqueuedPortalRequest>();
    let received = 0;
    for (let page = 0; page < mostPages; page++) {
      const answer = await client.showPortalRequests(scope, ptId, received || undefined);
      const known = items.size;
      for (const item of answer.data) {
        items.set(item.id, item);
      }
      received += answer.data.length;
      if (!goesOn(answer, items.size) || items.size === answer.total_count) {
        return [...items.values()];
      }
      if (items.size === known) {
        // The vendor says that there is more and does not page: the rest cannot be had.
        break;
      }
    }
    throw unusable('showPortalRequests', 'incomplete_list');
  }

  async function listRequests(scope: RequestScope, account: AccountReference) {
    const items = await readQueue(scope, checkPortalId(account.vendorPatientId));
    return (
      items
        // One credential sees every patient: what names another one is never shown.
        .filter(({ pt_id }) => pt_id == null || pt_id === account.vendorPatientId)
        .map((item) => toPortalRequest(vendor, account, item))
    );
  }

  /** Null for what the vendor does not know. */
  async function known<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
    try {
      return await asked;
    } catch (error) {
      if (isKind(error, 'NOT_FOUND')) {
        return null;
      }
      throw error;
    }
  }

  return {
    staffLinking: { idPattern: portalIdPattern },

    async profile(scope, { vendorPatientId }) {
      const wire = await known(client.showPatient(scope, checkPortalId(vendorPatientId)));
      if (wire !== null && wire.id !== vendorPatientId) {
        throw unusable('showPatient', 'other_patient');
      }
      return wire && toProfile(vendor, wire);
    },

    portalRequests: {
      list: listRequests,

      async dismiss(scope, account, vendorRequestId) {
        const ptId = checkPortalId(account.vendorPatientId);
        const requestId = checkPortalId(vendorRequestId);
        if ((await known(client.deletePortalRequest(scope, ptId, requestId))) !== null) {
          return 'DISMISSED';
        }
        // Removed before, dismissed by staff meanwhile, never there, or a tenant without this route:
        // the vendor may answer alike, so the queue tells.
        const queue = await listRequests(scope, account);
        const found = queue.find((request) => request.vendorRequestId === requestId);
        if (found && found.status !== 'DISMISSED' && found.status !== 'DELETED') {
          throw noRoute('deletePortalRequest');
        }
        return 'ALREADY_GONE';
      },
    },

    invitations: {
      /**
       * Errors: NOT_FOUND for an unknown patient; REJECTED `not_invitable` without e-mail, inactive or
       * deceased, `route_absent` for a tenant without this route.
       */
      async invite(scope, { vendorPatientId }) {
        const ptId = checkPortalId(vendorPatientId);
        try {
          await client.inviteToPortal(scope, ptId);
        } catch (error) {
          // Both have the same answer: of a patient whom the vendor knows it is said of the route.
          const isKnown = () => client.showPatient(scope, ptId).then(Boolean, () => false);
          throw isKind(error, 'NOT_FOUND') && (await isKnown()) ? noRoute('inviteToPortal') : error;
        }
      },
    },

    directory: {
      async search(scope, filter, first) {
        const terms = toSearchTerms(filter);
        // In an address `_` is an ordinary character to people and may be a wildcard to the vendor.
        const exactEmail = terms.email?.includes('_') ? terms.email : undefined;
        const limit = exactEmail === undefined ? Math.min(longestPage, first) : longestPage;
        const seen = new Set<string>();
        const found: EnqueuedPatient[] = [];
        let offset = 0;
        for (let more = first > 0; more && found.length < first; ) {
          const page = await client.searchPatients(scope, { ...terms, limit, offset });
          const unseen = page.data.filter(({ id }) => !seen.has(id));
          for (const wire of unseen) {
            seen.add(wire.id);
          }
          found.push(
            ...unseen.filter((wire) => exactEmail === undefined || hasEmail(wire, exactEmail)),
          );
          offset += page.data.length;
          // A page without anything new would come again for ever.
          more = goesOn(page, seen.size) && unseen.length > 0;
        }
        return found.slice(0, Math.max(0, first)).map((wire) => ({
          vendor,
          vendorPatientId: wire.id,
          profile: toProfile(vendor, wire),
        }));
      },
    },
  };
}
