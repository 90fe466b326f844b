import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SandboxRoom } from '../fixtures.ts';
import { consultationAsked, durationOf, slotsOf } from './calendar.ts';
import { type Caller, memberFor, patient, tokenHolder } from './callers.ts';
import { type Asked, data, Refused, type VSeeRoutes } from './exchange.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { intakeOf } from './intakes.ts';
import { consultationAnswer, providerOf, roomOf } from './rooms.ts';
import { hex32, isOpen, type SandboxIntake, type SandboxVisit, type VSeeState } from './state.ts';
import { createdVisitAnswer } from './visit-answer.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** Ten lower-case letters and digits. */
const oneTimeToken = () =>
  Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join('');

/** @throws Refused 404 for a foreign intake, 400 for one that a visit was made of */
function freshIntake(state: VSeeState, caller: Caller, fields: Fields): SandboxIntake {
  fields.required('intake_id');
  const intake = intakeOf(state, caller, fields.uuid('intake_id'));
  if (intake.visitId !== undefined) {
    throw new Refused(400, 'The intake was used already');
  }
  return intake;
}

function providerAsked(fields: Fields): string | undefined {
  const id = fields.text('provider_id');
  return id === undefined ? undefined : providerOf(id).id;
}

function add(
  state: VSeeState,
  intake: SandboxIntake,
  visit: Pick<SandboxVisit, 'type' | 'status' | 'room' | 'providerId' | 'start' | 'end'> &
    Partial<SandboxVisit>,
) {
  const made: SandboxVisit = {
    id: state.nextId('visit'),
    code: hex32(),
    subtype: 3,
    memberId: intake.memberId,
    actualStart: undefined,
    actualEnd: undefined,
    created: state.now(),
    modified: state.now(),
    completedBy: undefined,
    duration: 15,
    intakeId: intake.id,
    oneTimeToken: undefined,
    oneTimeTokenUsed: false,
    ...visit,
  };
  state.visits.set(made.id, made);
  intake.visitId = made.id;
  return data(createdVisitAnswer(state, made));
}

function addWalkIn(state: VSeeState, asked: Asked) {
  const caller = tokenHolder(state, asked);
  const fields = fieldsOf(asked.body);
  const room = roomOf(fields.required('room_code'));
  const intake = freshIntake(state, caller, fields);
  if (!room.walkIn || room.closed) {
    throw new Refused(400, 'The room takes no walk-ins now');
  }
  const waiting = [...state.visits.values()].some(
    (visit) => visit.type === 1 && visit.memberId === intake.memberId && isOpen(visit),
  );
  if (waiting) {
    throw new Refused(400, 'The patient has a walk-in under way');
  }
  const duration = room.consultations[0]?.duration ?? 15;
  const start = state.now();
  return add(state, intake, {
    type: 1,
    status: 10,
    room,
    providerId: providerAsked(fields),
    start,
    end: start + duration * 60,
    duration,
  });
}

function addEConsult(state: VSeeState, asked: Asked) {
  const caller = { admin: false as const, user: patient(state, asked) };
  const fields = fieldsOf(asked.body);
  const room = roomOf(fields.required('room_code'));
  const intake = freshIntake(state, caller, fields);
  if (!room.eConsult) {
    throw new Refused(400, 'The room takes no eConsults');
  }
  const providerId = providerAsked(fields);
  return add(state, intake, {
    type: 3,
    status: 10,
    room,
    providerId,
    start: undefined,
    end: undefined,
  });
}

function isFree(
  state: VSeeState,
  room: SandboxRoom,
  fields: Fields,
  { start, end }: { start: number; end: number },
): boolean {
  const slotId = fields.text('slot_id');
  const minutes = durationOf(room, fields) ?? (end - start) / 60;
  return slotsOf(state, room, minutes, { start, end }).some(
    (slot) =>
      slot.start === start &&
      slot.end === end &&
      slot.available > 0 &&
      (slotId === undefined || slot.id === slotId),
  );
}

/** An admin token books whatever the calendar says; it has to name the member. */
function addAppointment(state: VSeeState, asked: Asked) {
  const caller = tokenHolder(state, asked);
  const fields = fieldsOf(asked.body);
  const room = roomOf(fields.required('room_code'));
  const member = memberFor(state, caller, fields.text('member_id'));
  const intake = freshIntake(state, { admin: false, user: member }, fields);
  const start = fields.requiredInteger('start');
  const end = fields.requiredInteger('end');
  if (!room.appointment) {
    throw new Refused(400, 'The room takes no appointments');
  }
  if (start >= end || start <= state.now()) {
    throw new Refused(400, 'The time is in the past or has no length');
  }
  const consultation = consultationAsked(room, fields);
  const charges = consultation !== undefined && consultation.amount > 0;
  // [assumed]: the contract says that the intake needs it then, not what happens without.
  if (charges && !isDeepStrictEqual(intake.consultation, consultationAnswer(consultation))) {
    throw new Refused(400, 'The intake lacks the consultation that is charged for');
  }
  const providerId = providerAsked(fields);
  if (!isFree(state, room, fields, { start, end }) && !caller.admin) {
    throw new Refused(400, 'The time is not available');
  }
  return add(state, intake, {
    type: 2,
    status: providerId === undefined ? 10 : 20,
    room,
    providerId,
    start,
    end,
    duration: Math.round((end - start) / 60),
    oneTimeToken: state.switches.oneTimeLinkRooms.includes(room.code) ? oneTimeToken() : undefined,
  });
}

export const makingRoutes = (state: VSeeState): VSeeRoutes => ({
  'POST /visits/add_walkin': (asked) => addWalkIn(state, asked),
  'POST /visits/add_econsult': (asked) => addEConsult(state, asked),
  // The seed's shorter spelling.
  'POST /add_econsult': (asked) => addEConsult(state, asked),
  'POST /visits': (asked) => addAppointment(state, asked),
});
