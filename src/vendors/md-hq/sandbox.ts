import type { SimulatorOptions } from '../../sandbox/simulator.ts';
import { startEnqueuedPortalSimulator } from '../enqueued-portal/sandbox.ts';
import { clinic } from './fixtures.ts';

/** MD HQ's simulator; see the shared contract in `enqueued-portal`. */
export const startSimulator = (options: SimulatorOptions) =>
  startEnqueuedPortalSimulator(options, {
    prefix: 'MD_HQ',
    username: 'pk_md_hq_sandbox',
    password: 'md-hq-sandbox-key',
    clinic,
  });
