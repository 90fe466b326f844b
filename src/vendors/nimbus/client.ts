import type { RequestScope } from '../../domain/request.ts';
import type { Exchange, Transport } from '../../http/exchange.ts';
import { authorizationHeader, type NimbusCredentials } from './auth.ts';
import {
  readFollowUpRefusal,
  readOrderRefusal,
  readRefusal,
  readUserRefusal,
  readVerdict,
} from './refusals.ts';
import {
  nimbusEnabled,
  nimbusFollowUp,
  nimbusLatestOrder,
  nimbusOnboarding,
  nimbusRevoked,
} from './wire.ts';

/** What onboarding takes, all of it required; measures are strings. */
export interface NimbusPatient {
  first_name: string;
  last_name: string;
  email: string;
  phone_number: string;
  address: string;
  city: string;
  state: string;
  zip_code: string;
  height_feet: string;
  height_inches: string;
  weight: string;
  sex: 'Male' | 'Female';
  dob: string;
  treatment_type: string;
  central_pharmacy_id: string;
}

export interface NimbusFollowUpRequest {
  followup_date: string;
  patient_id: number;
  user_id: number;
  tenant_domain: string;
}

/** The five calls of the guide, named after their paths. All throw `VendorError`. */
export function createNimbusClient(transport: Transport, credentials: NimbusCredentials) {
  const call = <Answer>(scope: RequestScope, exchange: Exchange<Answer>) =>
    transport.call(scope, {
      refusal: readRefusal,
      verdict: readVerdict,
      ...exchange,
      headers: {
        authorization: authorizationHeader(credentials),
        // Without it a refusal comes as an HTML redirect.
        accept: 'application/json',
      },
    });

  return {
    /** Creates a patient and a one-time link. The answer is the only place of the new `user_id`. */
    externalTransferOnboarding: (scope: RequestScope, patient: NimbusPatient) =>
      call(scope, {
        operation: 'external-transfer-onboarding',
        method: 'POST',
        path: 'external-transfer-onboarding',
        body: { json: patient },
        class: 'write',
        repeatable: false,
        answer: nimbusOnboarding,
      }),

    /** Ends all of the user's access; repeating it is a success again. */
    revoke: (scope: RequestScope, request: { user_id: number; reason?: string }) =>
      call(scope, {
        operation: 'external-portal-access/revoke',
        method: 'POST',
        path: 'external-portal-access/revoke',
        body: { json: request },
        class: 'write',
        repeatable: true,
        answer: nimbusRevoked,
        emptyAnswer: {},
        refusal: readUserRefusal,
      }),

    /** A new one-time link; not repeated by a machine, because each call kills the link before. */
    enable: (scope: RequestScope, request: { user_id: number; valid_for_hours: number }) =>
      call(scope, {
        operation: 'external-portal-access/enable',
        method: 'POST',
        path: 'external-portal-access/enable',
        body: { json: request },
        class: 'write',
        repeatable: false,
        answer: nimbusEnabled,
        refusal: readUserRefusal,
      }),

    /** The only call without a side effect, so also the health probe. */
    latestOrder: (scope: RequestScope, userId: number) =>
      call(scope, {
        operation: 'external-portal-access/latest-order',
        method: 'GET',
        path: 'external-portal-access/latest-order',
        query: { user_id: userId },
        class: 'read',
        repeatable: true,
        answer: nimbusLatestOrder,
        refusal: readOrderRefusal,
      }),

    /** Each call makes another follow-up. `order_id` is not part of it: the platform finds the order. */
    createFollowup: (scope: RequestScope, request: NimbusFollowUpRequest) =>
      call(scope, {
        operation: 'external-portal-access/create-followup',
        method: 'POST',
        path: 'external-portal-access/create-followup',
        body: { json: request },
        class: 'write',
        repeatable: false,
        answer: nimbusFollowUp,
        refusal: readFollowUpRefusal,
      }),
  };
}

export type NimbusClient = ReturnType<typeof createNimbusClient>;
