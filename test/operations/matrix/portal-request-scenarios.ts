import { before, newPatient } from '../../support/arrange.ts';
import { queueOf } from '../../support/asked-mutation.ts';
import type { TestGateway } from '../../support/gateway.ts';
import { globalIdOf, keyIn } from '../../support/mutations.ts';
import type { Scenario } from './scenario.ts';

type Queue = 'CERBO' | 'MD_HQ';

const firstId = 900_001;

/** Somebody new whom the clinic's EHR knows. */
export async function newChart(gateway: TestGateway, vendor: Queue, linked = true) {
  const { id, lastName } = await newPatient(gateway);
  const { patients } = queueOf(gateway, vendor).state;
  const [someone] = patients;
  if (someone === undefined) {
    throw new Error('The sandbox has no patients.');
  }
  const chart = {
    ...someone,
    id: Math.max(firstId, ...patients.map((patient) => patient.id + 1)),
    last_name: lastName,
    email1: `${lastName}@example.com`,
  };
  patients.push(chart);
  if (linked) {
    await before(
      gateway,
      'linkVendorAccount',
      { patientId: id, vendor, vendorPatientId: String(chart.id), acceptMismatch: true },
      '',
    );
  }
  return { patientId: id, chartId: chart.id };
}

/** A write that is answered well: faults of other cells must not look like an outage. */
async function signOfLife(gateway: TestGateway, vendor: Queue) {
  const { patientId } = await newChart(gateway, vendor);
  await before(gateway, 'invitePatientToPortal', { patientId, vendor }, '');
}

const scenariosOf = (vendor: Queue): Scenario[] => [
  {
    title: `invitePatientToPortal at ${vendor}`,
    action: 'invitePatientToPortal',
    vendor,
    noLookUp: true,
    async arrange(gateway) {
      await signOfLife(gateway, vendor);
      const { patientId, chartId } = await newChart(gateway, vendor);
      const { state } = queueOf(gateway, vendor);
      return {
        input: { patientId, vendor },
        effect: () => state.invitations.filter(({ pt_id }) => pt_id === chartId).length,
      };
    },
  },
  {
    title: `dismissPortalRequest at ${vendor}`,
    action: 'dismissPortalRequest',
    vendor,
    async arrange(gateway) {
      await signOfLife(gateway, vendor);
      const { patientId, chartId } = await newChart(gateway, vendor);
      const { state } = queueOf(gateway, vendor);
      const request = state.enqueue({
        ...{ pt_id: chartId, request_type: 'secure_message', title: 'Question' },
        ...{ content: 'When may I call?', notes: null, created: '2026-02-14 00:00:01' },
        ...{ associated_resource_id: null, associated_resource_type: null },
      });
      return {
        input: {
          portalRequestId: globalIdOf(
            'PortalRequest',
            vendor,
            keyIn(patientId),
            String(request.id),
          ),
        },
        effect: () => (request.status === 'deleted' ? 1 : 0),
      };
    },
  },
];

export const portalRequestScenarios: readonly Scenario[] = [
  ...scenariosOf('CERBO'),
  ...scenariosOf('MD_HQ'),
];
