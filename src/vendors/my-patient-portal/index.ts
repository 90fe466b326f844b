import { defineVendor } from '../vendor-definition.ts';
import { createAdapter, createProbe } from './adapter.ts';
import { environment } from './environment.ts';

const label = 'MyPatientPortal';

/** samedi's patient portal: OAuth on behalf of the patient, appointments, and the booking walkthrough. */
export const myPatientPortal = defineVendor({
  label,
  description:
    "samedi's MyPatientPortal: the patient connects their own account, then sees, books, moves and cancels appointments.",
  capabilities: ['profile', 'connection', 'funnel', 'appointments'],
  environment,
  create: (parts) => createAdapter(parts, label),
  probe: createProbe,
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
