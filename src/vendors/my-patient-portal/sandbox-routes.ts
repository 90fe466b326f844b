import type {
  SimulatorAnswer,
  SimulatorRequest,
  SimulatorRoutes,
} from '../../sandbox/simulator.ts';
import { categories, insurances, type PortalType, types } from './fixtures.ts';
import { book, fieldsOf, lostSlot, notFound, refuse } from './sandbox-booking.ts';
import { addDays, minutesOf, toDay, toIso } from './sandbox-slots.ts';
import {
  appointmentOf,
  categoryOf,
  isAllowed,
  type PortalAppointment,
  type PortalState,
  profileOf,
  typeOf,
} from './sandbox-state.ts';

/** Whose call it is and what it may do. */
export interface Caller {
  accountId: string;
  scopes: readonly string[];
}

type Handler = (caller: Caller, request: SimulatorRequest) => SimulatorAnswer;

/** Scopes by action, see the advice in section 3. */
const master = ['profile_read'];
const reading = ['profile_read', 'appointment_read'];
const writing = ['profile_read', 'appointment_write'];

const ok = (data: unknown): SimulatorAnswer => ({ status: 200, body: { data } });
const day = /^\d{4}-\d{2}-\d{2}$/;

/** The days asked for; 30 from today where nothing is said. Undefined where malformed. */
function windowOf(state: PortalState, query: URLSearchParams) {
  const today = toDay(state.clock());
  const single = query.get('date');
  const from = single ?? query.get('from') ?? today;
  const to = single ?? query.get('to') ?? addDays(from, 30);
  if (!day.test(from) || !day.test(to)) {
    return undefined;
  }
  return state.switches.wholeMonths
    ? { from: `${from.slice(0, 7)}-01`, to: `${to.slice(0, 7)}-31` }
    : { from, to };
}

/** The resource API below `/api/oauth2/v1`. `whose`: the bearer of a call. */
export function createRoutes(
  state: PortalState,
  whose: (request: SimulatorRequest) => Promise<Caller | undefined>,
): SimulatorRoutes {
  const { switches } = state;

  const slotOf = (type: PortalType, insuranceId: number, start: number) => ({
    id: state.slotIds.seal({ typeId: type.id, insuranceId, start }),
    [switches.timeKey]: toIso(start),
    ends_at: toIso(start + minutesOf(type) * 60_000),
  });

  const guarded =
    (needed: readonly string[], handler: Handler) =>
    async (request: SimulatorRequest): Promise<SimulatorAnswer> => {
      const caller = await whose(request);
      if (!caller) {
        return refuse(401, 'invalid_token', 'The access token is invalid.');
      }
      if (!needed.every((scope) => caller.scopes.includes(scope))) {
        return refuse(403, 'insufficient_scope', 'The access token lacks a scope.');
      }
      const answer = handler(caller, request);
      return switches.plainTextJson
        ? { ...answer, headers: { ...answer.headers, 'content-type': 'text/plain; charset=utf-8' } }
        : answer;
    };

  const own =
    (handler: (appointment: PortalAppointment, request: SimulatorRequest) => SimulatorAnswer) =>
    (caller: Caller, request: SimulatorRequest) => {
      const found = state.find(caller.accountId, request.params.id);
      return found ? handler(found, request) : notFound();
    };

  /** Insurance, category and, where asked for, type of a step of the walkthrough. */
  function step(query: URLSearchParams, withType: boolean) {
    const insuranceId = Number(query.get('insurance_id'));
    const category = categoryOf(Number(query.get('appointment_category_id')));
    const type = typeOf(Number(query.get('appointment_type_id')));
    if (!query.get('insurance_id') || !query.get('appointment_category_id')) {
      return { refusal: refuse(400, 'invalid_request', 'A parameter is missing.') };
    }
    const known = insurances.some(({ id }) => id === insuranceId);
    if (!known || !category || (withType && type?.categoryId !== category.id)) {
      return { refusal: refuse(404, 'not_found', 'Unknown category or type.') };
    }
    return isAllowed(category, insuranceId)
      ? { insuranceId, category, type }
      : { refusal: refuse(403, 'insurance_not_allowed', 'This insurance is not accepted here.') };
  }

  const listed = (appointments: unknown[]): SimulatorAnswer => ({
    status: 200,
    body: switches.listWrapper === 'none' ? appointments : { [switches.listWrapper]: appointments },
  });

  const availabilities = (typeId: number, insuranceId: number, query: URLSearchParams) => {
    const window = windowOf(state, query);
    const type = typeOf(typeId);
    if (!window || !type) {
      return refuse(400, 'invalid_request', 'Dates must be YYYY-MM-DD.');
    }
    const starts = state.freeStarts(type, window.from, window.to);
    return ok(starts.map((start) => slotOf(type, insuranceId, start)));
  };

  const video = own((appointment) =>
    switches.videoRoute
      ? ok({ access_video_consultation_link: state.videoLink(appointment) })
      : notFound(),
  );

  return {
    'GET /profile': guarded(master, ({ accountId }) => {
      const person = state.person(accountId);
      const wrapper = switches.profileWrapper;
      if (!person || wrapper === null) {
        return notFound();
      }
      const profile = profileOf(person);
      return { status: 200, body: wrapper === 'none' ? profile : { [wrapper]: profile } };
    }),

    'GET /insurances': guarded(master, () => ok(insurances)),

    'GET /appointment_categories': guarded(reading, (_caller, { query }) => {
      const insuranceId = query.get('insurance_id');
      if (insuranceId !== null && !insurances.some(({ id }) => String(id) === insuranceId)) {
        return notFound();
      }
      const shown = categories.filter(
        (category) => insuranceId === null || isAllowed(category, Number(insuranceId)),
      );
      const data = shown.map(({ insurances: _tied, ...category }) => category);
      const scope = shown.length < categories.length ? 'limited' : 'all';
      return { status: 200, body: { scope, data } };
    }),

    'GET /appointment_types': guarded(reading, (_caller, { query }) => {
      const { refusal, category } = step(query, false);
      if (refusal) {
        return refusal;
      }
      const shown = types.filter(({ categoryId }) => categoryId === category.id);
      return ok(
        shown.map(({ id, name, description, duration, asap, video, questions }) => ({
          id,
          name,
          description,
          duration,
          asap_notifications_enabled: asap,
          is_video_consultation: video,
          patient_can_book_without_account: false,
          attendant_user_required: true,
          comment_form: questions && { questions },
        })),
      );
    }),

    'GET /availabilities': guarded(reading, (_caller, { query }) => {
      const { refusal, type, insuranceId } = step(query, true);
      return refusal ?? (type ? availabilities(type.id, insuranceId, query) : notFound());
    }),

    'POST /booking': guarded(writing, ({ accountId }, request) => book(state, accountId, request)),

    // Upcoming ones whether or not `upcoming=true` is sent, as the sibling does; cancelled ones too.
    'GET /appointments': guarded(reading, ({ accountId }) => {
      const shown = state.appointments.filter(
        (one) => one.accountId === accountId && one.start > state.clock(),
      );
      return listed(shown.map((one) => appointmentOf(state, one)));
    }),

    'GET /appointments/{id}': guarded(
      reading,
      own((appointment) => ok(appointmentOf(state, appointment))),
    ),

    'GET /appointments/{id}/availabilities': guarded(
      reading,
      own((appointment, { query }) =>
        state.isOpen(appointment)
          ? availabilities(appointment.typeId, appointment.insuranceId, query)
          : refuse(422, 'not_reschedulable', 'This appointment cannot be moved.'),
      ),
    ),

    'POST /appointments/{id}/reschedule': guarded(
      writing,
      own((appointment, { body }) => {
        const id = fieldsOf(body)?.availability_id;
        if (typeof id !== 'string') {
          return refuse(400, 'invalid_request', 'availability_id is required.');
        }
        if (!state.isOpen(appointment)) {
          return refuse(422, 'not_reschedulable', 'This appointment cannot be moved.');
        }
        const slot = state.slotIds.open(id);
        if (slot?.typeId !== appointment.typeId || !state.isFree(slot.typeId, slot.start)) {
          return lostSlot(state);
        }
        appointment.start = slot.start;
        return ok({ id: appointment.id });
      }),
    ),

    'POST /appointments/{id}/cancel': guarded(
      writing,
      own((appointment) => {
        if (!state.isOpen(appointment)) {
          return refuse(422, 'not_cancellable', 'This appointment cannot be cancelled.');
        }
        appointment.cancelledAt = state.clock();
        return ok({ id: appointment.id });
      }),
    ),

    'PUT /appointments/{id}/asap_list': guarded(
      writing,
      own((appointment, { body }) => {
        const email = fieldsOf(body)?.email;
        if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(email)) {
          return refuse(422, 'validation_failed', 'Invalid fields.', {
            invalid_fields: { email: 'is invalid' },
          });
        }
        if (!typeOf(appointment.typeId)?.asap || appointment.cancelledAt !== null) {
          return refuse(422, 'asap_not_enabled', 'No ASAP list here.');
        }
        appointment.asapEmail = email;
        return ok({ id: appointment.id });
      }),
    ),

    'DELETE /appointments/{id}/asap_list': guarded(
      writing,
      own((appointment) => {
        if (appointment.asapEmail === null) {
          return refuse(422, 'asap_not_subscribed', 'Not on the list.');
        }
        appointment.asapEmail = null;
        return ok({ id: appointment.id });
      }),
    ),

    'GET /appointments/{id}/earlier_availability': guarded(
      reading,
      own((appointment) => {
        const type = typeOf(appointment.typeId);
        if (appointment.asapEmail === null || !type) {
          return refuse(422, 'asap_not_subscribed', 'Not on the list.');
        }
        const until = toDay(appointment.start);
        const earlier = state
          .freeStarts(type, toDay(state.clock()), until)
          .find((start) => start < appointment.start);
        return ok({
          appointment: { id: appointment.id, starts_at: toIso(appointment.start) },
          availability:
            earlier === undefined || appointment.cancelledAt !== null
              ? null
              : slotOf(type, appointment.insuranceId, earlier),
        });
      }),
    ),

    'GET /appointments/{id}/video_consultation': guarded(reading, video),
    'POST /appointments/{id}/video_consultation_access': guarded(reading, video),
  };
}
