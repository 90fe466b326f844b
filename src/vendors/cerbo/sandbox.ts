import type { SimulatorOptions } from '../../sandbox/simulator.ts';
import { startEnqueuedPortalSimulator } from '../enqueued-portal/sandbox.ts';
import { clinic } from './fixtures.ts';

/** Cerbo's simulator; see the shared contract in `enqueued-portal`. */
export const startSimulator = (options: SimulatorOptions) =>
  startEnqueuedPortalSimulator(options, {
    prefix: 'CERBO',
    username: 'pk_cerbo_sandbox',
    password: 'cerbo-sandbox-key',
    clinic,
  });
