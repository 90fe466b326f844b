// What the vendors answer, in Portico's shapes: the least code that is right for the bench's answers, shared
// by the peers that are written by hand. No checks, no schemas.

const timeZone = 'Europe/Berlin';
const visitKinds = { 1: 'WALK_IN', 2: 'SCHEDULED', 3: 'E_CONSULT', 10: 'GUEST' };
const visitStatuses = {
  10: 'PENDING',
  20: 'CONFIRMED',
  25: 'IN_PROGRESS',
  30: 'COMPLETED',
  40: 'CANCELLED',
  50: 'REFUNDED',
};
const requestTypes = {
  rx: 'PRESCRIPTION',
  rx_refill: 'PRESCRIPTION_REFILL',
  supplement: 'SUPPLEMENT',
  questionnaire: 'QUESTIONNAIRE',
  secure_message: 'SECURE_MESSAGE',
  appointment: 'APPOINTMENT',
  document: 'DOCUMENT',
  demographics: 'DEMOGRAPHICS',
};

/** @returns the global id of a vendor's record; `patient.key` is the uuid inside the patient's own */
export const globalId = (type, vendor, patient, id) =>
  Buffer.from(`${type}:${vendor}:${patient.key}:${id}`).toString('base64url');

/** @returns the vendor's id inside a global one */
export function vendorIdOf(id) {
  const text = Buffer.from(id, 'base64url').toString();
  return text.slice(text.lastIndexOf(':') + 1);
}

/** Unix seconds as text. */
const instantOf = (seconds) =>
  Number(seconds) > 0 ? new Date(Number(seconds) * 1000).toISOString() : null;

/** What VSee answers, as a Visit with all fields that are asked for. */
export function visitOf({ data }, patient) {
  const { provider } = data;
  return {
    id: globalId('Visit', 'VSEE', patient, data.id),
    vendor: 'VSEE',
    kind: visitKinds[data.type] ?? 'UNKNOWN',
    status: visitStatuses[data.status] ?? 'UNKNOWN',
    reason: data.intake?.reason_for_visit || null,
    start: instantOf(data.start),
    end: instantOf(data.end),
    actualStart: instantOf(data.actual_start),
    actualEnd: instantOf(data.actual_end),
    provider: provider
      ? { id: provider.id, firstName: provider.first_name, lastName: provider.last_name }
      : null,
  };
}

/** What Nimbus answers, as an Order. */
export const orderOf = ({ data }) => ({
  id: String(data.order_id),
  tenantDomain: data.tenant_domain,
});

/** What MyPatientPortal answers, as Appointments, earliest first. */
export function appointmentsOf({ data }, patient, first = 10) {
  const now = Date.now();
  return data
    .map((appointment) => {
      const start = new Date(appointment.starts_at);
      const end = appointment.ends_at === null ? null : new Date(appointment.ends_at);
      const uncancelled = (end ?? start).getTime() <= now ? 'COMPLETED' : 'BOOKED';
      return {
        id: globalId('Appointment', 'MY_PATIENT_PORTAL', patient, appointment.id),
        title: appointment.name,
        status: appointment.cancelled_at === null ? uncancelled : 'CANCELLED',
        start: start.toISOString(),
        end: end === null ? null : end.toISOString(),
        timeZone,
      };
    })
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    .slice(0, first);
}

const requestOf = (vendor, item, patient) => ({
  id: globalId('PortalRequest', vendor, patient, item.id),
  vendor,
  type: requestTypes[item.request_type] ?? 'UNKNOWN',
  title: item.title,
  status: 'OPEN',
  createdAt: new Date(`${item.created.replace(' ', 'T')}Z`).toISOString(),
});

/** What Cerbo and MD HQ answer, as PortalRequests that are open, newest first. */
export function portalRequestsOf(rawCerbo, rawMdhq, patient, first = 10) {
  const open = [];
  for (const [vendor, { data }] of [
    ['CERBO', rawCerbo],
    ['MD_HQ', rawMdhq],
  ]) {
    for (const item of data) {
      if (item.status === 'open') {
        open.push({ vendor, item });
      }
    }
  }
  // Both say times in one spelling that sorts as text; the sort keeps Cerbo before MD HQ.
  return open
    .sort(({ item: a }, { item: b }) =>
      a.created > b.created ? -1 : a.created < b.created ? 1 : 0,
    )
    .slice(0, first)
    .map(({ vendor, item }) => requestOf(vendor, item, patient));
}

const answered = (...vendors) => vendors.map((vendor) => ({ vendor, state: 'OK' }));

/** Who was asked for the parts of an overview; that VSee has no appointment is known without a call. */
export const sources = {
  visits: answered('VSEE'),
  appointments: answered('VSEE', 'MY_PATIENT_PORTAL'),
  portalRequests: answered('CERBO', 'MD_HQ'),
};

/** @returns the data of w2, from the five answers by vendor */
export function overviewOf({ nimbus, vsee, portal, cerbo, mdhq }, patient) {
  const { id, kind, status, reason, start } = visitOf(vsee, patient);
  return {
    patient: {
      id: patient.id,
      fullName: patient.fullName,
      latestOrder: orderOf(nimbus),
      visits: { nodes: [{ id, kind, status, reason, start }], sources: sources.visits },
      appointments: { nodes: appointmentsOf(portal, patient), sources: sources.appointments },
      portalRequests: {
        nodes: portalRequestsOf(cerbo, mdhq, patient),
        sources: sources.portalRequests,
      },
    },
  };
}
