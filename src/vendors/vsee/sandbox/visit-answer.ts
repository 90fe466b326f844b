import { accountCode, providers } from '../fixtures.ts';
import { intakeAnswer } from './intakes.ts';
import type { SandboxVisit, VSeeState } from './state.ts';
import { genderNumber } from './users.ts';

const digits = (value: number | undefined) => (value === undefined ? null : String(value));

function peopleOf(state: VSeeState, visit: SandboxVisit) {
  const provider = providers.find(({ id }) => id === visit.providerId);
  const member = state.users.get(visit.memberId);
  return {
    provider: provider
      ? {
          id: provider.id,
          first_name: provider.firstName,
          last_name: provider.lastName,
          vseeid: `vclinic+provider${provider.id}`,
          title: provider.title,
        }
      : null,
    member: member && {
      id: member.id,
      first_name: member.firstName,
      last_name: member.lastName,
      vseeid: member.vseeId,
      dob: member.birthDate ?? null,
      gender: genderNumber(member) ?? null,
      phone: member.phone ?? null,
    },
  };
}

/** The visit object: times, kind and status as text of digits, yet `created` and `modified` as integers. */
export function visitAnswer(state: VSeeState, visit: SandboxVisit) {
  const intake = state.intakes.get(visit.intakeId);
  return {
    id: visit.id,
    _id: visit.id,
    code: visit.code,
    member_id: visit.memberId,
    provider_id: visit.providerId ?? null,
    account_code: accountCode,
    room_id: visit.room.id,
    room_code: visit.room.code,
    type: String(visit.type),
    subtype: visit.subtype,
    status: String(visit.status),
    start: digits(visit.start),
    end: digits(visit.end),
    actual_start: digits(visit.actualStart),
    actual_end: digits(visit.actualEnd),
    created: visit.created,
    modified: visit.modified,
    completed_by: visit.completedBy ?? null,
    specialty_id: null,
    state: null,
    payment: { duration: visit.duration, amount: '00.00', description: '' },
    intake: intake && intakeAnswer(intake),
    ...peopleOf(state, visit),
  };
}

/** What only the answer that makes an appointment holds. */
export const createdVisitAnswer = (state: VSeeState, visit: SandboxVisit) => ({
  ...visitAnswer(state, visit),
  ...(visit.oneTimeToken !== undefined && { one_time_link_token: visit.oneTimeToken }),
});

/** The same visit in a list: kind, status and times are integers there. */
export const listedVisitAnswer = (state: VSeeState, visit: SandboxVisit) => ({
  ...visitAnswer(state, visit),
  type: visit.type,
  status: visit.status,
  start: visit.start ?? null,
  end: visit.end ?? null,
  actual_start: visit.actualStart ?? null,
  actual_end: visit.actualEnd ?? null,
});
