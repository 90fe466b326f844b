import { randomUUID } from 'node:crypto';
import { type Caller, memberFor, tokenHolder } from './callers.ts';
import { type Asked, data, Refused, type VSeeRoutes } from './exchange.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { providerOf, roomOf } from './rooms.ts';
import type { SandboxIntake, VSeeState } from './state.ts';

const standardFields = [
  'room_code',
  'reason_for_visit',
  'type',
  'provider_id',
  'member_id',
  'location',
  'phone',
  'attachments',
  'consultation',
];
/** Of older samples; ignored. */
const oldFields = ['provider', 'reset'];

const customOf = (fields: Fields) =>
  Object.fromEntries(
    Object.entries(fields.all).filter(
      ([name]) => !standardFields.includes(name) && !oldFields.includes(name),
    ),
  );

/** Ids of uploaded files: `{id}` objects, ids, or ids joined by commas. */
function attachmentsOf(value: unknown): string[] | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const items: unknown[] = Array.isArray(value) ? value : String(value).split(',');
  return items.map((item) => {
    const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : item;
    if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/.test(id.trim())) {
      throw new Refused(400, 'attachments holds no file id');
    }
    return id.trim();
  });
}

/** Copied from a room; forms send it as JSON. */
function consultationOf(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : value;
  } catch {
    throw new Refused(400, 'consultation is no object');
  }
}

/** 1 walk-in, 2 schedule; never held against the visit. */
function typeOf(fields: Fields): number | undefined {
  const type = fields.integer('type');
  if (type !== undefined && type !== 1 && type !== 2) {
    throw new Refused(400, 'type is not supported');
  }
  return type;
}

/**
 * The caller's intake.
 * @throws Refused 404 for an unknown one and for somebody else's
 */
export function intakeOf(state: VSeeState, caller: Caller, id: string | undefined): SandboxIntake {
  const intake = id === undefined ? undefined : state.intakes.get(id);
  if (!intake || (!caller.admin && intake.memberId !== caller.user.id)) {
    throw new Refused(404, 'Intake not found');
  }
  return intake;
}

function create(state: VSeeState, asked: Asked) {
  const caller = tokenHolder(state, asked);
  const fields = fieldsOf(asked.body);
  const room = roomOf(fields.required('room_code'));
  const member = memberFor(state, caller, fields.text('member_id'));
  const providerId = fields.text('provider_id');
  if (providerId !== undefined) {
    providerOf(providerId);
  }
  const intake: SandboxIntake = {
    id: randomUUID(),
    memberId: member.id,
    roomCode: room.code,
    type: typeOf(fields),
    reason: fields.text('reason_for_visit'),
    attachments: attachmentsOf(fields.all.attachments) ?? [],
    consultation: undefined,
    custom: customOf(fields),
    created: state.now(),
    modified: state.now(),
    visitId: undefined,
  };
  state.intakes.set(intake.id, intake);
  return data({ id: intake.id, ...intake.custom });
}

function update(state: VSeeState, asked: Asked) {
  const intake = intakeOf(state, tokenHolder(state, asked), asked.params.id);
  const fields = fieldsOf(asked.body);
  intake.type = typeOf(fields) ?? intake.type;
  intake.reason = fields.text('reason_for_visit') ?? intake.reason;
  intake.attachments = attachmentsOf(fields.all.attachments) ?? intake.attachments;
  intake.consultation = consultationOf(fields.all.consultation) ?? intake.consultation;
  intake.custom = { ...intake.custom, ...customOf(fields) };
  intake.modified = state.now();
  return data({ id: intake.id });
}

/** As `GET intakes/:id` and visits show it; the times of attachments are nested. */
export const intakeAnswer = (intake: SandboxIntake) => ({
  ...intake.custom,
  id: intake.id,
  type: intake.type === undefined ? null : String(intake.type),
  reason_for_visit: intake.reason ?? null,
  created: intake.created,
  modified: intake.modified,
  attachments: intake.attachments.map((id) => ({
    _id: id,
    name: 'upload.pdf',
    ext: 'pdf',
    size: 1024,
    creator_id: intake.memberId,
    using: 1,
    created: { sec: intake.created, usec: 0 },
    modified: { sec: intake.modified, usec: 0 },
  })),
  ...(intake.visitId !== undefined && { visit_id: intake.visitId }),
});

export const intakeRoutes = (state: VSeeState): VSeeRoutes => ({
  'POST /intakes': (asked) => create(state, asked),
  'POST /intakes/{id}': (asked) => update(state, asked),
  'GET /intakes/{id}': (asked) =>
    data(intakeAnswer(intakeOf(state, tokenHolder(state, asked), asked.params.id))),
});
