import { providers } from '../fixtures.ts';
import { admin, type Caller, tokenHolder } from './callers.ts';
import { type Asked, answering, data, Refused, type VSeeRoutes } from './exchange.ts';
import { fieldsOf } from './fields.ts';
import { providerOf } from './rooms.ts';
import { isOpen, type SandboxVisit, type VSeeState } from './state.ts';
import { listedVisitAnswer, visitAnswer } from './visit-answer.ts';

const reasons = [
  'patient_end_call',
  'patient_exit_room',
  'call_ended',
  'patient_cancel_appointment',
];

/** @throws Refused 404 for an unknown visit and for somebody else's */
function visitOf(state: VSeeState, caller: Caller, id: string | undefined): SandboxVisit {
  const visit = state.visits.get(id ?? '');
  if (!visit || (!caller.admin && visit.memberId !== caller.user.id)) {
    throw new Refused(404, 'Visit not found');
  }
  return visit;
}

/** Cancelling and closing both end a visit; a room may keep its patients from cancelling. */
function end(state: VSeeState, asked: Asked, cancels: boolean) {
  const caller = tokenHolder(state, asked);
  const visit = visitOf(state, caller, asked.params.id);
  if (!reasons.includes(fieldsOf(asked.body).required('reason'))) {
    throw new Refused(400, 'reason is not supported');
  }
  if (!isOpen(visit)) {
    throw new Refused(400, 'The visit has ended');
  }
  const kept = visit.type === 2 && state.switches.roomsWithoutCancel.includes(visit.room.code);
  if (cancels && kept && !caller.admin) {
    throw new Refused(403, 'Patients cannot cancel in this room');
  }
  visit.status = 40;
  visit.completedBy = caller.admin ? '1' : caller.user.id;
  visit.actualEnd = state.now();
  visit.modified = state.now();
  return data(visitAnswer(state, visit));
}

function list(state: VSeeState, asked: Asked) {
  admin(state, asked);
  const fields = fieldsOf(Object.fromEntries(asked.query));
  const from = fields.integer('start_time') ?? 0;
  const until = fields.integer('end_time') ?? Number.MAX_SAFE_INTEGER;
  const roomCode = fields.text('room_code');
  const chosen = fields.text('fields')?.split(',');
  const found = [...state.visits.values()].filter((visit) => {
    const start = visit.start ?? visit.created;
    return (roomCode ?? visit.room.code) === visit.room.code && start >= from && start <= until;
  });
  const first = fields.integer('start') ?? 0;
  const answers = found
    .slice(first, first + (fields.integer('limit') ?? 50))
    .map((visit) => Object.entries(listedVisitAnswer(state, visit)))
    .map((entries) =>
      Object.fromEntries(entries.filter(([name]) => chosen?.includes(name) ?? true)),
    );
  return data(answers, { total_count: found.length });
}

/** What may follow on a status. */
const next: Readonly<Record<number, readonly number[]>> = {
  10: [20, 25, 40],
  20: [25, 40],
  25: [30, 40],
  30: [50],
  40: [50],
};

/** Not the vendor's: lets a provider accept, begin or finish a visit, as they would in their own app. */
function beTheProvider(state: VSeeState, asked: Asked) {
  const visit = visitOf(state, { admin: true }, asked.params.id);
  const fields = fieldsOf(asked.body);
  const status = fields.requiredInteger('status');
  if (!next[visit.status]?.includes(status)) {
    throw new Refused(400, `${visit.status} is not followed by ${status}`);
  }
  visit.status = status;
  visit.modified = state.now();
  if (status === 20 || status === 25) {
    const providerId = fields.text('provider_id') ?? visit.providerId ?? providers[0]?.id;
    visit.providerId = providerOf(providerId).id;
  }
  if (status === 25) {
    visit.actualStart = state.now();
  }
  if (status === 30 || status === 40) {
    visit.actualEnd = state.now();
    visit.completedBy = visit.providerId;
  }
  return data(visitAnswer(state, visit));
}

export const visitRoutes = (state: VSeeState): VSeeRoutes => ({
  'GET /visits': (asked) => list(state, asked),
  'GET /visits/{id}': (asked) => {
    const visit = visitAnswer(state, visitOf(state, tokenHolder(state, asked), asked.params.id));
    return state.switches.bareVisit ? { status: 200, body: visit } : data(visit);
  },
  'POST /visits/{id}/cancel': (asked) => end(state, asked, true),
  'POST /visits/{id}/close': (asked) => end(state, asked, false),
});

/** Beside the vendor's own paths. */
export const providerRoutes = (state: VSeeState): VSeeRoutes => ({
  'POST /_sandbox/visits/{id}/status': answering((asked) => beTheProvider(state, asked)),
});
