import type {
  Simulator,
  SimulatorAnswer,
  SimulatorOptions,
  SimulatorRequest,
} from '../../sandbox/simulator.ts';
import { startSimulatorServer } from '../../sandbox/simulator-server.ts';
import { authorizationHeader } from './auth.ts';
import { clinic } from './fixtures.ts';
import { createNimbusCalls, createSwitches, type NimbusSwitches } from './sandbox-calls.ts';
import { openVisit, postQuestionnaire } from './sandbox-portal.ts';
import { NimbusState } from './sandbox-state.ts';

/** The running simulator with what a test may set and look at. */
export interface NimbusSimulator extends Simulator {
  readonly switches: NimbusSwitches;
  readonly state: NimbusState;
}

const callsPerMinute = 60;

/** 429 above 60 calls within a minute of the clock. */
function createThrottle(clock: () => number) {
  let sent: number[] = [];
  return (): SimulatorAnswer | undefined => {
    const now = clock();
    sent = sent.filter((at) => at > now - 60_000);
    const [oldest = now] = sent;
    if (sent.length < callsPerMinute) {
      sent.push(now);
      return undefined;
    }
    return {
      status: 429,
      headers: {
        'retry-after': String(Math.max(1, Math.ceil((oldest + 60_000 - now) / 1000))),
        'x-ratelimit-limit': String(callsPerMinute),
        'x-ratelimit-remaining': '0',
      },
      body: { message: 'Too Many Attempts.' },
    };
  };
}

/** Vendor calls only; the portal page and the debug routes need no account. */
const isVendorCall = ({ url }: SimulatorRequest) => url.pathname.startsWith('/external-');

/** Nimbus, as its guide and the assumptions about it say; see the vendor's contract, sections 1 to 8. */
export async function startSimulator(options: SimulatorOptions): Promise<NimbusSimulator> {
  const switches = createSwitches();
  const state = new NimbusState(options.clock);
  const throttle = createThrottle(options.clock);
  const calls = createNimbusCalls(state, switches, () => simulator.origin);

  const judge = (answer: SimulatorAnswer): SimulatorAnswer =>
    switches.refusalsWith200 && answer.status >= 400
      ? { status: 200, body: { status: 'error', ...(answer.body as object) } }
      : answer;

  const simulator: Simulator = await startSimulatorServer({
    basePath: '',
    port: options.port,
    environment: (origin) => ({
      NIMBUS_URL: origin,
      NIMBUS_USERNAME: clinic.username,
      NIMBUS_PASSWORD: clinic.password,
      NIMBUS_TREATMENT_TYPES: clinic.treatmentTypes.join(','),
      NIMBUS_CENTRAL_PHARMACY_ID: clinic.centralPharmacyId,
    }),
    authenticate(request) {
      if (!isVendorCall(request)) {
        return undefined;
      }
      if (!/\bapplication\/json\b/.test(request.headers.accept ?? '')) {
        // A back end of this style redirects whoever does not ask for JSON.
        return {
          status: 302,
          headers: { location: '/', 'content-type': 'text/html; charset=utf-8' },
          body: '<!doctype html><title>Redirecting</title>',
        };
      }
      if (request.headers.authorization !== authorizationHeader(clinic)) {
        return {
          status: 401,
          headers: { 'www-authenticate': 'Basic' },
          body: { message: 'Unauthorized' },
        };
      }
      return switches.throttle ? throttle() : undefined;
    },
    notFound: () => ({ status: 404, body: { message: 'Not Found' } }),
    routes: {
      'POST /external-transfer-onboarding': ({ body }) => judge(calls.onboard(body)),
      'POST /external-portal-access/revoke': ({ body }) => judge(calls.revoke(body)),
      'POST /external-portal-access/enable': ({ body }) => judge(calls.enable(body)),
      'GET /external-portal-access/latest-order': ({ query }) =>
        judge(calls.latestOrder(query.get('user_id'))),
      'POST /external-portal-access/create-followup': ({ body }) =>
        judge(calls.createFollowUp(body)),
      'GET /telemed/visit': ({ query }) => openVisit(state, query.get('token')),
      'POST /telemed/visit': ({ body }) => postQuestionnaire(state, body),
      'GET /debug/follow-ups': () => ({ status: 200, body: state.followUps }),
      'PUT /debug/switches': ({ body }) => ({
        status: 200,
        body: Object.assign(switches, body),
      }),
    },
  });
  return Object.assign(simulator, { switches, state });
}
