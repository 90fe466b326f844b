import type { SimulatorAnswer, SimulatorRequest } from '../../sandbox/simulator.ts';
import { insurances, type PortalQuestion } from './fixtures.ts';
import { categoryOf, isAllowed, type PortalState, typeOf } from './sandbox-state.ts';

/** Errors in the shape proposed in section 6 of the contract. */
export const refuse = (
  status: number,
  error: string,
  message: string,
  more: Record<string, unknown> = {},
): SimulatorAnswer => ({ status, body: { error, message, ...more } });

export const notFound = () => refuse(404, 'not_found', 'Nothing here.');

export const lostSlot = (state: PortalState): SimulatorAnswer =>
  state.switches.lostSlotAs400
    ? { status: 400, body: { error: 'The requested event is not available anymore.' } }
    : refuse(422, 'slot_unavailable', 'This time is taken.');

const bookingFields = [
  'availability_id',
  'insurance_id',
  'appointment_category_id',
  'appointment_type_id',
  'asap_list_opt_in',
  'comments',
  'structured_comment',
  'allow_email_notifications',
  'allow_sms_notifications',
  'do_notification',
  'ref',
];

/** Fields of a body, JSON or form; undefined where it is neither. */
export const fieldsOf = (body: unknown): Record<string, unknown> | undefined =>
  typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as Record<string, unknown>)
    : undefined;

/** Truth in JSON or as a form spells it; undefined for anything else. */
function flag(value: unknown): boolean | undefined {
  if (value === undefined || value === false || value === 'false') {
    return false;
  }
  return value === true || value === 'true' ? true : undefined;
}

function complaint(question: PortalQuestion, answer: unknown): string | undefined {
  if (answer === undefined || answer === null || answer === '') {
    return question.required ? "can't be blank" : undefined;
  }
  const choices = question.config.values?.split(/\r?\n/);
  const chosen = [answer].flat();
  if (choices && !chosen.every((one) => choices.includes(String(one)))) {
    return 'is not included in the list';
  }
  if (question.type === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(String(answer))) {
    return 'is invalid';
  }
  return undefined;
}

function invalidAnswers(questions: readonly PortalQuestion[], given: unknown) {
  const answers = fieldsOf(given) ?? {};
  const invalid: Record<string, string> = {};
  for (const question of questions) {
    const message = complaint(question, answers[question.name]);
    if (message !== undefined) {
      invalid[question.name] = message;
    }
  }
  for (const name of Object.keys(answers)) {
    if (!questions.some((question) => question.name === name)) {
      invalid[name] = 'is unknown';
    }
  }
  return Object.keys(invalid).length > 0 ? invalid : undefined;
}

/** `POST /booking` (4.6): everything is checked, nothing is held. */
export function book(
  state: PortalState,
  accountId: string,
  { body }: SimulatorRequest,
): SimulatorAnswer {
  const fields = fieldsOf(body);
  if (!fields || Object.keys(fields).some((name) => !bookingFields.includes(name))) {
    return refuse(400, 'invalid_request', 'Malformed booking.');
  }
  if (typeof fields.availability_id !== 'string' || !fields.insurance_id) {
    return refuse(400, 'invalid_request', 'availability_id and insurance_id are required.');
  }
  const optIn = flag(fields.asap_list_opt_in);
  if (optIn === undefined) {
    return refuse(400, 'invalid_request', 'asap_list_opt_in must be a boolean.');
  }
  if (state.switches.blockedPatient) {
    return { status: 400, body: { reason: 'attendant_blocked', overridable: false } };
  }
  const slot = state.slotIds.open(fields.availability_id);
  if (!slot) {
    return lostSlot(state);
  }
  const type = typeOf(slot.typeId);
  const category = type && categoryOf(type.categoryId);
  const insuranceId = Number(fields.insurance_id);
  if (
    !type ||
    !category ||
    Number(fields.appointment_type_id ?? type.id) !== type.id ||
    Number(fields.appointment_category_id ?? category.id) !== category.id
  ) {
    return refuse(404, 'not_found', 'Unknown category or type.');
  }
  const known = insurances.some(({ id }) => id === insuranceId);
  if (!known || !isAllowed(category, insuranceId) || insuranceId !== slot.insuranceId) {
    return refuse(403, 'insurance_not_allowed', 'This insurance is not accepted here.');
  }
  const invalid = invalidAnswers(type.questions ?? [], fields.structured_comment);
  if (invalid) {
    return {
      status: 422,
      body: { reason: 'validation_failed', message: 'Invalid answers.', invalid_fields: invalid },
    };
  }
  if (optIn && !type.asap) {
    return refuse(422, 'asap_not_enabled', 'No ASAP list here.');
  }
  if (!state.isFree(type.id, slot.start)) {
    return lostSlot(state);
  }
  const added = state.add({
    accountId,
    typeId: type.id,
    insuranceId,
    start: slot.start,
    asapEmail: optIn ? (state.person(accountId)?.email ?? null) : null,
    comments: fields.comments,
    structuredComment: fields.structured_comment,
    notifications: {
      email: fields.allow_email_notifications ?? fields.do_notification,
      sms: fields.allow_sms_notifications ?? fields.do_notification,
    },
  });
  return {
    status: 201,
    body: state.switches.successAlone ? { success: true } : { data: { id: added.id } },
  };
}
