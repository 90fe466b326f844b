import { providers, type SandboxConsultation, type SandboxRoom } from '../fixtures.ts';
import { type Caller, memberFor, tokenHolder } from './callers.ts';
import { type Asked, data, Refused, type VSeeRoutes } from './exchange.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { intakeOf } from './intakes.ts';
import { roomOf } from './rooms.ts';
import { isOpen, type VSeeState } from './state.ts';

const day = 86_400;
const openingHour = 9;
const closingHour = 17;
/** How far ahead the calendar is filled. */
const daysAhead = 30;

export interface SandboxSlot {
  id: string;
  /** Unix seconds. */
  start: number;
  end: number;
  booked: number;
  available: number;
}

interface Local {
  weekday: string;
  /** Seconds by which the zone is ahead of UTC at that instant. */
  offset: number;
  year: number;
  month: number;
  day: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs more than all else here. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  const format =
    known ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  formats.set(zone, format);
  return format;
}

function localAt(zone: string, instant: number): Local {
  const parts = formatOf(zone).formatToParts(new Date(instant * 1000));
  const found = new Map(parts.map(({ type, value }) => [type, value]));
  const number = (name: Intl.DateTimeFormatPartTypes) => Number(found.get(name));
  const [year, month, dayOfMonth] = [number('year'), number('month'), number('day')];
  const wall = Date.UTC(
    year,
    month - 1,
    dayOfMonth,
    number('hour'),
    number('minute'),
    number('second'),
  );
  return {
    weekday: found.get('weekday') ?? '',
    offset: wall / 1000 - instant,
    year,
    month,
    day: dayOfMonth,
  };
}

/** The instant of a full hour on the local day of another instant. */
function atHour(zone: string, { year, month, day: dayOfMonth, offset }: Local, hour: number) {
  const wall = Date.UTC(year, month - 1, dayOfMonth, hour) / 1000;
  // Clocks change at night: the day's own offset at that hour, not the one it was asked with.
  return wall - localAt(zone, wall - offset).offset;
}

/** Slots of a length (minutes) that begin in a window: Monday to Friday, 9 to 17 where the room is. */
export function slotsOf(
  state: VSeeState,
  room: SandboxRoom,
  minutes: number,
  window: { start: number; end: number },
): SandboxSlot[] {
  const from = Math.max(window.start, state.now() + 1);
  const until = Math.min(window.end, state.now() + daysAhead * day);
  const length = minutes * 60;
  const taken = [...state.visits.values()].filter(
    (visit) => visit.room === room && visit.type === 2 && isOpen(visit),
  );
  const slots = new Map<number, SandboxSlot>();
  for (let noon = from - day; noon < until + day; noon += day / 2) {
    const local = localAt(room.timeZone, noon);
    const closing = atHour(room.timeZone, local, closingHour);
    const opening = atHour(room.timeZone, local, openingHour);
    for (let start = opening; start + length <= closing; start += length) {
      if (['Sat', 'Sun'].includes(local.weekday) || start < from || start + length > until) {
        continue;
      }
      const end = start + length;
      const booked = taken.some((visit) => (visit.start ?? 0) < end && (visit.end ?? 0) > start)
        ? 1
        : 0;
      slots.set(start, {
        id: `${room.code}-${start}-${minutes}`,
        start,
        end,
        booked,
        available: 1 - booked,
      });
    }
  }
  return [...slots.values()].sort((one, other) => one.start - other.start);
}

/** The consultation that a question or booking is about. */
export function consultationAsked(
  room: SandboxRoom,
  fields: Fields,
): SandboxConsultation | undefined {
  const consultationId = fields.uuid('consultation_id');
  const consultation = room.consultations.find(({ id }) => id === consultationId);
  if (consultationId !== undefined && !consultation) {
    throw new Refused(400, 'The room has no such consultation');
  }
  return consultation;
}

/** Minutes that a question or booking is about. */
export function durationOf(room: SandboxRoom, fields: Fields): number | undefined {
  const consultation = consultationAsked(room, fields);
  const duration = fields.integer('duration');
  if (duration !== undefined && (duration < 5 || duration > 480)) {
    throw new Refused(400, 'duration is out of range');
  }
  return consultation?.duration ?? duration;
}

/** The room that is named, or that the intake was made for. */
function roomAskedFor(state: VSeeState, caller: Caller, fields: Fields): SandboxRoom {
  const intakeId = fields.uuid('intake_id');
  const intake = intakeId === undefined ? undefined : intakeOf(state, caller, intakeId);
  return roomOf(
    intake && fields.text('room_code') === undefined
      ? intake.roomCode
      : fields.required('room_code'),
  );
}

function availability(state: VSeeState, asked: Asked, source: unknown) {
  const caller = tokenHolder(state, asked);
  const fields = fieldsOf(source);
  memberFor(state, caller, fields.text('member_id'));
  const room = roomAskedFor(state, caller, fields);
  const window = { start: fields.requiredInteger('start'), end: fields.requiredInteger('end') };
  if (window.start >= window.end) {
    throw new Refused(400, 'end is not after start');
  }
  const minutes = durationOf(room, fields) ?? room.consultations[0]?.duration ?? 15;
  const providerId = fields.text('provider_id');
  const providerIds = providers
    .map(({ id }) => id)
    .filter((id) => providerId === undefined || id === providerId);
  const slots =
    room.appointment && providerIds.length > 0 ? slotsOf(state, room, minutes, window) : [];
  return data(
    slots.map((slot) => ({
      slot_id: slot.id,
      slot_start: slot.start,
      slot_end: slot.end,
      slot_booked: slot.booked,
      slot_available: slot.available,
      provider_ids: providerIds,
    })),
  );
}

/** The vendor's demo calls it a GET, while its curl line would post a form: both are answered. */
export const calendarRoutes = (state: VSeeState): VSeeRoutes => ({
  'GET /availability': (asked) => availability(state, asked, Object.fromEntries(asked.query)),
  'POST /availability': (asked) => availability(state, asked, asked.body),
});
