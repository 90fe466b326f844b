import type { SandboxClinic, SandboxPatient, SandboxRequestSeed } from './fixtures.ts';

export interface SandboxRequest extends SandboxRequestSeed {
  id: number;
  status: 'open' | 'dismissed' | 'deleted';
  datedeleted: string | null;
  deletedby: number | null;
}

/** The API user that the gateway is, as the vendor records it on what it changes. */
const apiUserId = 91;

/** Quirks that the contract names, off by default; settable while the simulator runs. */
export interface EnqueuedPortalSwitches {
  /** The API user sees people without what identifies them; questionnaires stay as they are. */
  forceAnonymize: boolean;
  /** The API user's permission profile allows reads only. */
  readOnly: boolean;
  /** The tenant lacks the portal routes. */
  routeDisabled: boolean;
  /** A method whose portal routes the tenant lacks, with a 404 that says no more than any other; '' for none. */
  methodMissing: string;
  /** Writes are refused inside a 200. */
  resultFalseWith200: boolean;
  /** Everything is a proxy's 502 page. */
  html502: boolean;
  /** The announced filters of the queue work, `status` defaulting to `open`. */
  comingSoonFiltersActive: boolean;
  /** All ids are strings. */
  idsAsStrings: boolean;
  /** Removing what is removed already: the default 404, or a success. */
  repeatedDeleteSucceeds: boolean;
  /** A removal is answered by a 204 without body. */
  deleteWithoutBody: boolean;
  /** Items per page of the queue, which then says `has_more` and takes `offset`; 0: all at once. */
  queuePageSize: number;
  /** A list of one item is that item instead of an array. */
  singleAsObject: boolean;
  /** `patient_details` is null. */
  withoutPatientDetails: boolean;
  /** ISO 8601 timestamps with a zone mark. */
  isoTimestamps: boolean;
  /** `_` is a wildcard of a search as `%` is, which nobody documents. */
  underscoreIsWildcard: boolean;
}

export const createSwitches = (): EnqueuedPortalSwitches => ({
  forceAnonymize: false,
  readOnly: false,
  routeDisabled: false,
  methodMissing: '',
  resultFalseWith200: false,
  html502: false,
  comingSoonFiltersActive: false,
  idsAsStrings: false,
  repeatedDeleteSucceeds: false,
  deleteWithoutBody: false,
  queuePageSize: 0,
  singleAsObject: false,
  withoutPatientDetails: false,
  isoTimestamps: false,
  underscoreIsWildcard: false,
});

/** Everything that the simulated clinic remembers. */
export class EnqueuedPortalState {
  readonly patients: SandboxPatient[];
  readonly requests: SandboxRequest[];
  /** Invitations that were mailed, oldest first. */
  readonly invitations: { pt_id: number; email: string }[] = [];

  constructor(
    clinic: SandboxClinic,
    readonly clock: () => number,
  ) {
    this.patients = clinic.patients.map((patient) => ({ ...patient }));
    this.requests = [];
    for (const seed of clinic.requests) {
      this.enqueue(seed);
    }
  }

  patient(id: string | undefined): SandboxPatient | undefined {
    return this.patients.find((patient) => String(patient.id) === id);
  }

  enqueue(seed: SandboxRequestSeed): SandboxRequest {
    const request: SandboxRequest = {
      id: 27 + this.requests.length,
      ...seed,
      status: 'open',
      datedeleted: null,
      deletedby: null,
    };
    this.requests.push(request);
    return request;
  }

  /** Hides the request and records when and by whom; the data stay. */
  softDelete(request: SandboxRequest): void {
    request.status = 'deleted';
    request.datedeleted = this.timestamp();
    request.deletedby = apiUserId;
  }

  /** What staff do in the EHR, to test against. */
  dismissByStaff(id: number): void {
    for (const request of this.requests) {
      if (request.id === id) {
        request.status = 'dismissed';
      }
    }
  }

  /** Now, `YYYY-MM-DD HH:MM:SS` in UTC. */
  timestamp(): string {
    return new Date(this.clock()).toISOString().slice(0, 19).replace('T', ' ');
  }
}
