import type {
  Simulator,
  SimulatorAnswer,
  SimulatorOptions,
  SimulatorRequest,
} from '../../sandbox/simulator.ts';
import { startSimulatorServer } from '../../sandbox/simulator-server.ts';
import { authorizationHeader } from './auth.ts';
import type { SandboxClinic } from './fixtures.ts';
import { problem } from './sandbox-answers.ts';
import { createEnqueuedPortalCalls } from './sandbox-calls.ts';
import {
  createSwitches,
  EnqueuedPortalState,
  type EnqueuedPortalSwitches,
} from './sandbox-state.ts';

/** The running simulator with what a test may set and look at. */
export interface EnqueuedPortalSimulator extends Simulator {
  readonly switches: EnqueuedPortalSwitches;
  readonly state: EnqueuedPortalState;
}

export interface EnqueuedPortalSandbox {
  /** Of the environment variables, for example `CERBO`. */
  prefix: string;
  username: `pk_${string}`;
  password: string;
  clinic: SandboxClinic;
}

const basePath = '/api/v1';
const debugPath = `${basePath}/debug/`;

/** Cerbo or MD HQ, as their shared contract and the assumptions about it say. */
export async function startEnqueuedPortalSimulator(
  options: SimulatorOptions,
  { prefix, clinic, ...account }: EnqueuedPortalSandbox,
): Promise<EnqueuedPortalSimulator> {
  const switches = createSwitches();
  const state = new EnqueuedPortalState(clinic, options.clock);
  const calls = createEnqueuedPortalCalls(state, switches);
  const patientOf = ({ params }: SimulatorRequest) => params.pt_id ?? '';

  function authenticate({ method, url, headers }: SimulatorRequest): SimulatorAnswer | undefined {
    if (url.pathname.startsWith(debugPath)) {
      return undefined;
    }
    if (switches.html502) {
      return {
        status: 502,
        headers: { 'content-type': 'text/html' },
        body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      };
    }
    if (headers.authorization !== authorizationHeader(account)) {
      return problem(401, 'Invalid credentials');
    }
    if (switches.readOnly && method !== 'GET') {
      return problem(403, 'This API user may only read');
    }
    if (switches.routeDisabled && /\/portal\//.test(url.pathname)) {
      return problem(404, 'This route is not enabled for this clinic');
    }
    if (switches.methodMissing === method && /\/portal\//.test(url.pathname)) {
      return problem(404, 'Not found');
    }
    return undefined;
  }

  const simulator = await startSimulatorServer({
    basePath,
    port: options.port,
    environment: (origin) => ({
      [`${prefix}_URL`]: `${origin}${basePath}`,
      [`${prefix}_USERNAME`]: account.username,
      [`${prefix}_PASSWORD`]: account.password,
    }),
    authenticate,
    notFound: () => problem(404, 'No such route'),
    routes: {
      'GET /patients/{pt_id}/portal/enqueued': (request) =>
        calls.listRequests(patientOf(request), request.query),
      'DELETE /patients/{pt_id}/portal/enqueued/{queue_request_id}': (request) =>
        calls.deleteRequest(patientOf(request), request.params.queue_request_id ?? ''),
      'POST /patients/{pt_id}/portal/invite': (request) => calls.invite(patientOf(request)),
      'POST /patients/{pt_id}/portal/secure_messages': (request) =>
        calls.sendSecureMessage(patientOf(request), request.body),
      'GET /patients/search': ({ query }) => calls.searchPatients(query),
      'GET /patients/{pt_id}': (request) => calls.showPatient(patientOf(request)),
      'GET /patients': ({ query }) => calls.listPatients(query),
      'GET /debug/invitations': () => ({ status: 200, body: state.invitations }),
      'PUT /debug/switches': ({ body }) => ({ status: 200, body: Object.assign(switches, body) }),
    },
  });
  return Object.assign(simulator, { switches, state });
}
