import type { RequestScope } from '../../domain/request.ts';
import type { Exchange, Transport } from '../../http/exchange.ts';
import { authorizationHeader, type PortalCredentials } from './auth.ts';
import { readInviteRefusal, readInviteVerdict, readRefusal, readVerdict } from './refusals.ts';
import {
  enqueuedAcknowledgement,
  enqueuedPatient,
  enqueuedPatients,
  enqueuedRequests,
} from './wire.ts';

/** Narrowing of a search; values without wildcards. Combined with AND. */
export interface PatientSearchQuery {
  first_name?: string | undefined;
  last_name?: string | undefined;
  /** Primary or secondary address. */
  email?: string | undefined;
  /** `YYYY-MM-DD`, exact. */
  dob?: string | undefined;
  /** 1 to 100. */
  limit: number;
  /** Zero-based. */
  offset: number;
}

/** The documented calls, under the vendors' own operation ids. All throw `VendorError`. */
export function createEnqueuedPortalClient(transport: Transport, credentials: PortalCredentials) {
  const call = <Answer>(scope: RequestScope, exchange: Omit<Exchange<Answer>, 'headers'>) =>
    transport.call<Answer>(scope, {
      refusal: readRefusal,
      verdict: readVerdict,
      headers: { authorization: authorizationHeader(credentials), accept: 'application/json' },
      ...exchange,
    });

  return {
    /**
     * One page of the queue. The announced filters `request_type` and `status` are inert and never
     * sent: the day they go live they would change results. `offset` is sent only past a page that
     * said `has_more`, because the call is not documented as paginated.
     */
    showPortalRequests: (scope: RequestScope, patientId: string, offset?: number) =>
      call(scope, {
        operation: 'showPortalRequests',
        method: 'GET',
        path: 'patients/{pt_id}/portal/enqueued',
        params: { pt_id: patientId },
        query: { offset },
        class: 'read',
        repeatable: true,
        answer: enqueuedRequests,
      }),

    /** A soft delete: hidden, not erased. The underlying resource is not withdrawn. */
    deletePortalRequest: (scope: RequestScope, patientId: string, requestId: string) =>
      call(scope, {
        operation: 'deletePortalRequest',
        method: 'DELETE',
        path: 'patients/{pt_id}/portal/enqueued/{queue_request_id}',
        params: { pt_id: patientId, queue_request_id: requestId },
        class: 'write',
        repeatable: true,
        answer: enqueuedAcknowledgement,
        emptyAnswer: {},
      }),

    /** Mails a link to the primary address; the same call resets a password. Never repeated. */
    inviteToPortal: (scope: RequestScope, patientId: string) =>
      call(scope, {
        operation: 'inviteToPortal',
        method: 'POST',
        path: 'patients/{pt_id}/portal/invite',
        params: { pt_id: patientId },
        body: { json: {} },
        class: 'write',
        repeatable: false,
        answer: enqueuedAcknowledgement,
        refusal: readInviteRefusal,
        verdict: readInviteVerdict,
      }),

    showPatient: (scope: RequestScope, patientId: string) =>
      call(scope, {
        operation: 'showPatient',
        method: 'GET',
        path: 'patients/{patient_id}',
        params: { patient_id: patientId },
        class: 'read',
        repeatable: true,
        answer: enqueuedPatient,
      }),

    searchPatients: (scope: RequestScope, query: PatientSearchQuery) =>
      call(scope, {
        operation: 'searchPatients',
        method: 'GET',
        path: 'patients/search',
        query: { ...query },
        class: 'read',
        repeatable: true,
        answer: enqueuedPatients,
      }),
  };
}

export type EnqueuedPortalClient = ReturnType<typeof createEnqueuedPortalClient>;
