import type { z } from 'zod';
import type { RequestScope } from '../../domain/request.ts';
import type { Exchange, Transport } from '../../http/exchange.ts';
import { refusalOf, verdictOf } from './refusals.ts';
import type { RouteName, Routes } from './routes.ts';
import * as wire from './wire.ts';

/** Days of a window, both included. */
interface Days {
  from?: string | undefined;
  to?: string | undefined;
}

/** What `POST /booking` takes (4.6). */
export interface BookingBody {
  availability_id: string;
  insurance_id: number;
  appointment_category_id: number;
  appointment_type_id: number;
  asap_list_opt_in?: true;
  comments?: string;
  structured_comment?: Readonly<Record<string, unknown>>;
  allow_email_notifications?: boolean;
  allow_sms_notifications?: boolean;
}

type Rest = Pick<Exchange<unknown>, 'params' | 'query' | 'body' | 'refusal'>;

/** The resource API (section 4): one function per action, each with the patient's access token. */
export function createClient(transport: Transport, routes: Routes) {
  const send = <Answer>(
    scope: RequestScope,
    token: string,
    route: RouteName,
    exchange: Pick<Exchange<Answer>, 'method' | 'answer' | 'emptyAnswer' | 'repeatable'> & Rest,
  ) =>
    transport.call(scope, {
      operation: route,
      path: routes[route],
      class: exchange.method === 'GET' ? 'read' : 'write',
      refusal: refusalOf(),
      verdict: verdictOf,
      headers: { authorization: `Bearer ${token}` },
      ...exchange,
    });

  const read = <Answer>(
    scope: RequestScope,
    token: string,
    route: RouteName,
    answer: z.ZodType<Answer>,
    rest: Rest = {},
  ) => send(scope, token, route, { method: 'GET', repeatable: true, answer, ...rest });

  const aboutInsurance = refusalOf({ namesInsurance: true });

  return {
    profile: (scope: RequestScope, token: string) => read(scope, token, 'profile', wire.profile),

    insurances: (scope: RequestScope, token: string) =>
      read(scope, token, 'insurances', wire.insurances),

    appointmentCategories: (scope: RequestScope, token: string, query: { insurance_id: string }) =>
      read(scope, token, 'appointment_categories', wire.categories, {
        query,
        refusal: aboutInsurance,
      }),

    appointmentTypes: (
      scope: RequestScope,
      token: string,
      query: { insurance_id: string; appointment_category_id: string },
    ) => read(scope, token, 'appointment_types', wire.types, { query, refusal: aboutInsurance }),

    availabilities: (
      scope: RequestScope,
      token: string,
      query: { insurance_id: string; appointment_category_id: string; appointment_type_id: string },
      days: Days,
    ) =>
      read(scope, token, 'availabilities', wire.availabilities, {
        query: { ...query, ...days },
        refusal: aboutInsurance,
      }),

    booking: (scope: RequestScope, token: string, body: BookingBody) =>
      send(scope, token, 'booking', {
        method: 'POST',
        repeatable: false,
        body: { json: body },
        answer: wire.bookedId,
        refusal: refusalOf({ takesSlot: true, namesInsurance: true }),
      }),

    appointments: (scope: RequestScope, token: string) =>
      read(scope, token, 'appointments', wire.appointments),

    appointment: (scope: RequestScope, token: string, id: string) =>
      read(scope, token, 'appointment', wire.appointment, { params: { id } }),

    rescheduleAvailabilities: (scope: RequestScope, token: string, id: string, days: Days) =>
      read(scope, token, 'reschedule_availabilities', wire.availabilities, {
        params: { id },
        query: { ...days },
      }),

    reschedule: (scope: RequestScope, token: string, id: string, availabilityId: string) =>
      send(scope, token, 'reschedule', {
        method: 'POST',
        repeatable: false,
        params: { id },
        body: { json: { availability_id: availabilityId } },
        answer: wire.confirmation(id),
        refusal: refusalOf({ takesSlot: true }),
      }),

    cancel: (scope: RequestScope, token: string, id: string) =>
      send(scope, token, 'cancel', {
        method: 'POST',
        repeatable: false,
        params: { id },
        answer: wire.confirmation(id),
      }),

    joinAsapList: (scope: RequestScope, token: string, id: string, email: string) =>
      send(scope, token, 'asap_list', {
        method: 'PUT',
        repeatable: true,
        params: { id },
        body: { json: { email } },
        answer: wire.confirmation(id),
        // All that such an answer is assumed to hold is an id that is known (4.12).
        emptyAnswer: undefined,
        refusal: refusalOf({ takesEmail: true }),
      }),

    leaveAsapList: (scope: RequestScope, token: string, id: string) =>
      send(scope, token, 'asap_list', {
        method: 'DELETE',
        repeatable: true,
        params: { id },
        answer: wire.confirmation(id),
        emptyAnswer: undefined,
      }),

    earlierAvailability: (scope: RequestScope, token: string, id: string) =>
      read(scope, token, 'earlier_availability', wire.earlierAvailability, { params: { id } }),

    videoConsultation: (scope: RequestScope, token: string, id: string) =>
      read(scope, token, 'video_consultation', wire.videoConsultation, { params: { id } }),
  };
}
export type Client = ReturnType<typeof createClient>;
