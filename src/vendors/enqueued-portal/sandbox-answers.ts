import type { SandboxPatient } from './fixtures.ts';
import type {
  EnqueuedPortalState,
  EnqueuedPortalSwitches,
  SandboxRequest,
} from './sandbox-state.ts';

/** Bodies in the vendors' shapes: lists wrapped, single objects bare, errors in two forms. */

export const problem = (status: number, message: string) => ({
  status,
  // Both forms occur in the wild: the nested one here for what the credential may not do.
  body:
    status === 401 || status === 403 || status === 422
      ? { error: { message, type: 'sandbox', code: status } }
      : { message, result: false },
});

/** Ids of this clinic as the switch wants them. */
export const idOf = (switches: EnqueuedPortalSwitches, id: number) =>
  switches.idsAsStrings ? String(id) : id;

/** The list envelope (3.1). @param page where the call is paginated */
export function list(switches: EnqueuedPortalSwitches, all: readonly unknown[], page?: Page) {
  const data = page ? all.slice(page.offset, page.offset + page.limit) : all;
  return {
    status: 200,
    body: {
      object: 'list',
      total_count: all.length,
      has_more: page !== undefined && page.offset + data.length < all.length,
      data: switches.singleAsObject && data.length === 1 ? data[0] : data,
    },
  };
}

export interface Page {
  limit: number;
  offset: number;
}

/** A patient (5.1). Some fields are those that an anonymised credential sees empty. */
export function patientBody(switches: EnqueuedPortalSwitches, patient: SandboxPatient) {
  const { patient_status_description: status, ...known } = patient;
  const hidden = {
    first_name: '',
    last_name: '',
    dob: null,
    email1: null,
    email2: null,
    phone_mobile: null,
  };
  return {
    object: 'patient',
    ...known,
    middle_name: '',
    phone_home: null,
    phone_work: null,
    ...(switches.forceAnonymize ? hidden : {}),
    // A single patient's id is a string in the documented sample, unlike the same id in lists.
    id: String(patient.id),
    // True for prospective, inactive and deceased alike.
    inactive: status !== 'active',
    patient_status_description: status,
    timezone: 'America/Los_Angeles',
    username: null,
    ...(switches.forceAnonymize
      ? { address1: null, city: null, zip: null }
      : { address1: '1 Sandbox Street', city: 'Los Angeles', zip: '90012' }),
    address2: '',
    state: 'CA',
    country: 'US',
    primary_provider_id: 39,
    created: '2025-01-02 03:04:05',
    url_patient_details: `https://sandbox.example.test/patients/${patient.id}`,
  };
}

/** A request of the queue (4.1), with its `patient_details`. */
export function requestBody(
  switches: EnqueuedPortalSwitches,
  state: EnqueuedPortalState,
  request: SandboxRequest,
) {
  const patient = state.patient(String(request.pt_id));
  const full = patient && patientBody(switches, patient);
  return {
    object: 'portal_request',
    ...request,
    id: idOf(switches, request.id),
    pt_id: idOf(switches, request.pt_id),
    created: switches.isoTimestamps ? `${request.created.replace(' ', 'T')}Z` : request.created,
    dr_id: 39,
    addedby: null,
    patient_details:
      switches.withoutPatientDetails || full === undefined
        ? null
        : {
            object: full.object,
            id: full.id,
            first_name: full.first_name,
            middle_name: full.middle_name,
            last_name: full.last_name,
            dob: full.dob,
            sex: full.sex,
            email1: full.email1,
            url_patient_details: full.url_patient_details,
          },
  };
}
