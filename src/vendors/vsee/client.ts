import { z } from 'zod';
import { type RequestScope, scopeForWrites } from '../../domain/request.ts';
import type { Exchange, Transport } from '../../http/exchange.ts';
import { refusalFor } from './answers.ts';
import { cancellation, vseeSlot } from './assumed.ts';
import { headersFor, type VSeeCaller, type VSeeCredentials } from './auth.ts';
import { encodedBody, type VSeeRequestEncoding } from './request-encoding.ts';
import type { VSeeFields } from './requests.ts';
import {
  inData,
  inDataOrBare,
  vseeCreatedIntake,
  vseeIntake,
  vseeProviders,
  vseeRoom,
  vseeRoomPage,
  vseeSignInOf,
  vseeUserOf,
  vseeVisit,
  vseeVisitOf,
} from './wire.ts';

/** Made once: to make one takes longer than to read an answer by it. */
const answers = {
  any: inData(z.object({})),
  createdIntake: inData(vseeCreatedIntake),
  intake: inData(vseeIntake),
  visit: inDataOrBare(vseeVisit),
  room: inData(vseeRoom),
  rooms: vseeRoomPage,
  providers: inDataOrBare(vseeProviders),
  slots: inData(z.array(vseeSlot)),
};

type Patient = Extract<VSeeCaller, { as: 'patient' }>;
type Admin = Extract<VSeeCaller, { as: 'admin' }>;

/**
 * VSee Clinic's REST API, one function per documented endpoint; bodies and queries come ready made.
 * All throw VendorError. Only what the contract calls safe to repeat is declared so.
 */
export function createVSeeClient(
  transport: Transport,
  credentials: VSeeCredentials,
  encoding: VSeeRequestEncoding,
) {
  const read = <Answer>(
    scope: RequestScope,
    caller: VSeeCaller,
    {
      reasons,
      ...exchange
    }: Pick<Exchange<Answer>, 'operation' | 'path' | 'params' | 'query' | 'answer'> & {
      reasons?: Readonly<Record<number, string>>;
    },
  ) =>
    transport.call(scope, {
      method: 'GET',
      class: 'read',
      repeatable: true,
      headers: headersFor(credentials, caller),
      refusal: refusalFor(caller.as, reasons),
      ...exchange,
    });

  const write = <Answer>(
    scope: RequestScope,
    caller: VSeeCaller,
    exchange: Pick<Exchange<Answer>, 'operation' | 'path' | 'params' | 'answer'> & {
      fields: VSeeFields;
      /** Why the vendor refuses, by HTTP status. */
      reasons?: Readonly<Record<number, string>>;
      repeatable?: boolean;
    },
  ) => {
    const { fields, reasons, repeatable = false, ...rest } = exchange;
    return transport.call(scopeForWrites(scope), {
      ...rest,
      method: 'POST',
      class: 'write',
      repeatable,
      headers: headersFor(credentials, caller),
      body: encodedBody(encoding, fields),
      refusal: refusalFor(caller.as, reasons),
    });
  };

  return {
    /** `POST users/sso`: logs the patient of a code in, and makes it at the first call. An upsert. */
    usersSso: (scope: RequestScope, code: string, fields: VSeeFields) =>
      write(
        scope,
        { as: 'application' },
        {
          operation: 'users/sso',
          path: 'users/sso',
          fields,
          repeatable: true,
          answer: inData(vseeSignInOf(code)),
        },
      ),

    /** `GET users/-`: the patient whose token is sent. */
    users: (scope: RequestScope, caller: Patient, memberId: string) =>
      read(scope, caller, {
        operation: 'users/-',
        path: 'users/-',
        answer: inData(vseeUserOf(memberId)),
      }),

    /** `GET users/-` for whoever made the admin token; a user of the clinic, no patient. */
    tokenHolder: (scope: RequestScope, caller: Admin) =>
      read(scope, caller, {
        operation: 'users/-',
        path: 'users/-',
        answer: answers.any,
      }),

    /** `GET accounts/:code`, public. */
    account: (scope: RequestScope) =>
      read(
        scope,
        { as: 'public' },
        {
          operation: 'accounts/:code',
          path: 'accounts/{code}',
          params: { code: credentials.accountCode },
          answer: answers.any,
          reasons: { 404: 'account_unknown' },
        },
      ),

    /** `POST intakes`. */
    createIntake: (scope: RequestScope, caller: Patient, fields: VSeeFields) =>
      write(scope, caller, {
        operation: 'intakes',
        path: 'intakes',
        fields,
        reasons: { 400: 'intake_refused' },
        answer: answers.createdIntake,
      }),

    /** `POST intakes/:id`: an update, which the same fields once more do not change. */
    updateIntake: (scope: RequestScope, caller: Patient, id: string, fields: VSeeFields) =>
      write(scope, caller, {
        operation: 'intakes/:id',
        path: 'intakes/{id}',
        params: { id },
        fields,
        repeatable: true,
        reasons: { 400: 'intake_refused' },
        answer: answers.createdIntake,
      }),

    /** `GET intakes/:id`: tells whether a visit was made of it. */
    intake: (scope: RequestScope, caller: Patient, id: string) =>
      read(scope, caller, {
        operation: 'intakes/:id',
        path: 'intakes/{id}',
        params: { id },
        answer: answers.intake,
      }),

    /** `POST visits/add_walkin`. One status for a closed room, a used intake and a second open walk-in. */
    addWalkIn: (scope: RequestScope, caller: Patient, memberId: string, fields: VSeeFields) =>
      write(scope, caller, {
        operation: 'visits/add_walkin',
        path: 'visits/add_walkin',
        fields,
        reasons: { 400: 'room_closed_or_duplicate' },
        answer: inData(vseeVisitOf(memberId)),
      }),

    /** `POST visits`. An admin token books whatever the calendar says. */
    addVisit: (
      scope: RequestScope,
      caller: Patient | Admin,
      memberId: string,
      fields: VSeeFields,
    ) =>
      write(scope, caller, {
        operation: 'visits',
        path: 'visits',
        fields,
        reasons: { 400: caller.as === 'admin' ? 'booking_refused' : 'slot_unavailable' },
        answer: inData(vseeVisitOf(memberId)),
      }),

    /** `POST visits/add_econsult`; the vendor's seed text shortens the path. */
    addEConsult: (scope: RequestScope, caller: Patient, memberId: string, fields: VSeeFields) =>
      write(scope, caller, {
        operation: 'visits/add_econsult',
        path: 'visits/add_econsult',
        fields,
        reasons: { 400: 'econsult_refused' },
        answer: inData(vseeVisitOf(memberId)),
      }),

    /** `GET visits/:id`. */
    visit: (scope: RequestScope, caller: Patient, id: string) =>
      read(scope, caller, {
        operation: 'visits/:id',
        path: 'visits/{id}',
        params: { id },
        answer: answers.visit,
      }),

    /** The cancelling POST. A second one is refused, so it is not repeated blindly. */
    cancelVisit: (scope: RequestScope, caller: Patient, memberId: string, id: string) =>
      write(scope, caller, {
        operation: 'visits/:id/cancel',
        path: cancellation.path,
        params: { id },
        fields: cancellation.fields,
        reasons: { 400: 'already_ended', 403: 'not_cancellable' },
        answer: inDataOrBare(vseeVisitOf(memberId)),
      }),

    /** `GET rooms/:code`, public. */
    room: (scope: RequestScope, code: string) =>
      read(
        scope,
        { as: 'public' },
        {
          operation: 'rooms/:code',
          path: 'rooms/{code}',
          params: { code },
          answer: answers.room,
        },
      ),

    /** `GET rooms`, public: one page, from 1. */
    rooms: (scope: RequestScope, limit: number, page: number) =>
      read(
        scope,
        { as: 'public' },
        {
          operation: 'rooms',
          path: 'rooms',
          query: { limit, page: page === 1 ? undefined : page },
          answer: answers.rooms,
        },
      ),

    /** `GET rooms/:code/providers`, public. */
    providers: (scope: RequestScope, code: string) =>
      read(
        scope,
        { as: 'public' },
        {
          operation: 'rooms/:code/providers',
          path: 'rooms/{code}/providers',
          params: { code },
          answer: answers.providers,
        },
      ),

    /** `GET availability`; the vendor's demo words it as a GET while its curl line would POST. */
    availability: (
      scope: RequestScope,
      caller: Patient,
      query: NonNullable<Exchange<unknown>['query']>,
    ) =>
      read(scope, caller, {
        operation: 'availability',
        path: 'availability',
        query,
        answer: answers.slots,
      }),
  };
}

export type VSeeClient = ReturnType<typeof createVSeeClient>;
