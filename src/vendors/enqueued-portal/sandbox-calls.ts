import type { SandboxPatient } from './fixtures.ts';
import { idOf, list, type Page, patientBody, problem, requestBody } from './sandbox-answers.ts';
import type { EnqueuedPortalState, EnqueuedPortalSwitches } from './sandbox-state.ts';

const noPatient = () => problem(404, 'Patient not found');
const noRequest = () => problem(404, 'Portal request not found');

/** SQL's habit: `%` stands for anything, and case does not matter. */
function matches(pattern: string, value: string | null, underscore: string): boolean {
  const escaped = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', underscore);
  return value !== null && new RegExp(`^${escaped}$`, 'is').test(value);
}

/** `limit` 1 to 100 (default 100) and a zero-based `offset`; undefined where one is no such number. */
function readPage(query: URLSearchParams): Page | undefined {
  const limit = Number(query.get('limit') ?? 100);
  const offset = Number(query.get('offset') ?? 0);
  const good =
    Number.isInteger(limit) &&
    limit >= 1 &&
    limit <= 100 &&
    Number.isInteger(offset) &&
    offset >= 0;
  return good ? { limit, offset } : undefined;
}

/** The calls of the contract over the simulated clinic, for both vendors. */
export function createEnqueuedPortalCalls(
  state: EnqueuedPortalState,
  switches: EnqueuedPortalSwitches,
) {
  const refusedIn200 = () => ({
    status: 200,
    body: { result: false, message: 'The request could not be completed' },
  });

  function listPatients(query: URLSearchParams, keep: (patient: SandboxPatient) => boolean) {
    const page = readPage(query);
    return page
      ? list(
          switches,
          state.patients.filter(keep).map((patient) => ({
            ...patientBody(switches, patient),
            // The same id that is a string in a single answer is a number in lists.
            id: idOf(switches, patient.id),
          })),
          page,
        )
      : problem(400, 'limit must be 1 to 100, offset zero or more');
  }

  return {
    listRequests(ptId: string, query: URLSearchParams) {
      if (!state.patient(ptId)) {
        return noPatient();
      }
      const active = switches.comingSoonFiltersActive;
      const status = (active && query.get('status')) || 'open';
      const type = active ? query.get('request_type') : null;
      const items = state.requests
        .filter((request) => String(request.pt_id) === ptId && request.status === status)
        .filter((request) => type === null || request.request_type === type)
        .map((request) => requestBody(switches, state, request));
      const limit = switches.queuePageSize;
      const page = limit > 0 ? { limit, offset: Number(query.get('offset') ?? 0) } : undefined;
      return list(switches, items, page);
    },

    deleteRequest(ptId: string, requestId: string) {
      const request = state.requests.find(({ id }) => String(id) === requestId);
      if (!state.patient(ptId)) {
        return noPatient();
      }
      if (!request || String(request.pt_id) !== ptId || request.status === 'dismissed') {
        return noRequest();
      }
      if (request.status === 'deleted' && !switches.repeatedDeleteSucceeds) {
        return noRequest();
      }
      if (switches.resultFalseWith200) {
        return refusedIn200();
      }
      if (request.status === 'open') {
        state.softDelete(request);
      }
      const acknowledgement = {
        object: 'portal_request',
        id: idOf(switches, request.id),
        action: 'deleted',
        result: true,
        message: 'Request removed',
      };
      return switches.deleteWithoutBody ? { status: 204 } : { status: 200, body: acknowledgement };
    },

    invite(ptId: string) {
      const patient = state.patient(ptId);
      if (!patient) {
        return noPatient();
      }
      if (switches.resultFalseWith200) {
        return refusedIn200();
      }
      if (['inactive', 'deceased'].includes(patient.patient_status_description)) {
        return problem(422, 'The patient is not active');
      }
      if (patient.email1 === null) {
        return problem(422, 'The patient has no primary email');
      }
      state.invitations.push({ pt_id: patient.id, email: patient.email1 });
      // Only an attempt is promised, and nothing to deliver by another way is given.
      return { status: 200, body: { result: true, message: 'Invitation sent' } };
    },

    /** The handiest way to fill the queue from outside. */
    sendSecureMessage(ptId: string, body: unknown) {
      const patient = state.patient(ptId);
      const { subject, note } = { subject: '', note: '', ...(body as object) };
      if (!patient) {
        return noPatient();
      }
      if (!/^.{1,54}$/s.test(String(subject)) || String(note).length < 10) {
        return problem(422, 'subject takes 1 to 54 characters, note at least 10');
      }
      const request = state.enqueue({
        pt_id: patient.id,
        request_type: 'secure_message',
        title: String(subject),
        content: String(note),
        notes: null,
        associated_resource_id: null,
        associated_resource_type: null,
        created: state.timestamp(),
      });
      return {
        status: 200,
        body: { result: true, message: 'Message sent', portal_queue_id: request.id },
      };
    },

    showPatient(id: string) {
      const patient = state.patient(id);
      return patient ? { status: 200, body: patientBody(switches, patient) } : noPatient();
    },

    searchPatients(query: URLSearchParams) {
      const { first_name, last_name, email, dob } = Object.fromEntries(query);
      const underscore = switches.underscoreIsWildcard ? '.' : '_';
      const like = (pattern: string, value: string | null) => matches(pattern, value, underscore);
      return listPatients(
        query,
        (patient) =>
          (first_name === undefined || like(first_name, patient.first_name)) &&
          (last_name === undefined || like(last_name, patient.last_name)) &&
          (dob === undefined || dob === patient.dob) &&
          (email === undefined || like(email, patient.email1) || like(email, patient.email2)),
      );
    },

    listPatients: (query: URLSearchParams) =>
      listPatients(
        query,
        (patient) => !query.has('status') || patient.patient_status_description === 'active',
      ),
  };
}
