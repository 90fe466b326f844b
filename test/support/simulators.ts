import type { EnqueuedPortalSimulator } from '../../src/vendors/enqueued-portal/sandbox.ts';
import type { MyPatientPortalSimulator } from '../../src/vendors/my-patient-portal/sandbox.ts';
import type { VSeeSimulator } from '../../src/vendors/vsee/sandbox.ts';
import type { TestGateway } from './gateway.ts';

/** The simulators with what only they have: the registry knows them as plain ones. */

export const portalOf = ({ sandbox }: TestGateway) =>
  sandbox.simulators.MY_PATIENT_PORTAL as MyPatientPortalSimulator;

export const vseeOf = ({ sandbox }: TestGateway) => sandbox.simulators.VSEE as VSeeSimulator;

export const queueOf = ({ sandbox }: TestGateway, vendor: 'CERBO' | 'MD_HQ') =>
  sandbox.simulators[vendor] as EnqueuedPortalSimulator;
