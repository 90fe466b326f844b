import type { Simulator, SimulatorFactory } from '../../sandbox/simulator.ts';
import { startSimulatorServer } from '../../sandbox/simulator-server.ts';
import { accountCode, adminToken, apiKey, apiSecret } from './fixtures.ts';
import { calendarRoutes } from './sandbox/calendar.ts';
import { answering, type Told, type VSeeRoutes } from './sandbox/exchange.ts';
import { intakeRoutes } from './sandbox/intakes.ts';
import { makingRoutes } from './sandbox/making-visits.ts';
import { portalPath, portalRoutes } from './sandbox/portal.ts';
import { createRateLimit } from './sandbox/rate-limit.ts';
import { roomRoutes } from './sandbox/rooms.ts';
import { createState, type VSeeState, type VSeeSwitches } from './sandbox/state.ts';
import { userRoutes } from './sandbox/users.ts';
import { providerRoutes, visitRoutes } from './sandbox/visits.ts';

/** VSee Clinic as its contract describes it, and what tests may make it do otherwise. */
export type VSeeSimulator = Simulator & {
  readonly switches: VSeeSwitches;
  /** The clinic's own records, to be looked at and changed by tests. */
  readonly state: VSeeState;
};

const apiFolder = '/api_v3';

/** Older samples write `/users/sso.json` and the like: the same resources. */
function underTheApi(routes: VSeeRoutes): VSeeRoutes {
  const found: VSeeRoutes = {};
  for (const [key, route] of Object.entries(routes)) {
    const [method, path] = key.split(' ');
    const answer = answering((asked) => {
      const params = Object.entries(asked.params).map(([name, value]) => [
        name,
        value.replace(/\.json$/, ''),
      ]);
      return route({ ...asked, params: Object.fromEntries(params) });
    });
    found[`${method} ${apiFolder}${path}`] = answer;
    if (!path?.endsWith('}')) {
      found[`${method} ${apiFolder}${path}.json`] = answer;
    }
  }
  return found;
}

const unknownPath: Told = { status: 404, body: { code: 404, message: 'Not found' } };

/**
 * Starts the clinic: the API below `/vc/stable/api_v3/`, the portal's pages below `/vc/stable/` under
 * another host name, and `POST /vc/stable/_sandbox/visits/{id}/status`, by which a provider accepts,
 * begins or finishes a visit.
 */
export const startSimulator = (async (options): Promise<VSeeSimulator> => {
  const state = createState(options.clock);
  const limit = createRateLimit(state);
  const simulator = await startSimulatorServer({
    port: options.port,
    basePath: portalPath,
    routes: {
      ...underTheApi({
        ...userRoutes(state),
        ...intakeRoutes(state),
        ...roomRoutes(state),
        ...calendarRoutes(state),
        ...makingRoutes(state),
        ...visitRoutes(state),
      }),
      ...portalRoutes(state),
      ...providerRoutes(state),
    },
    authenticate: ({ url }) => (url.pathname.includes(`${apiFolder}/`) ? limit() : undefined),
    notFound: () => unknownPath,
    environment: (origin) => ({
      VSEE_API_URL: `${origin}${portalPath}${apiFolder.slice(1)}/`,
      // The vendor's portal is another host than its API, so nothing may take one for the other.
      VSEE_PORTAL_URL: `${origin.replace('127.0.0.1', 'localhost')}${portalPath}`,
      VSEE_ACCOUNT_CODE: accountCode,
      VSEE_API_KEY: apiKey,
      VSEE_API_SECRET: apiSecret,
      VSEE_ADMIN_TOKEN: adminToken,
    }),
  });
  return Object.assign(simulator, { switches: state.switches, state });
}) satisfies SimulatorFactory;
