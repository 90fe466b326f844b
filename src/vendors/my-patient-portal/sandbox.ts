import type { Simulator, SimulatorOptions, SimulatorRequest } from '../../sandbox/simulator.ts';
import { startSimulatorServer } from '../../sandbox/simulator-server.ts';
import { callbackUrl } from './adapter.ts';
import { createPortalAuthorization } from './sandbox-oauth.ts';
import { type Caller, createRoutes } from './sandbox-routes.ts';
import { timeZone } from './sandbox-slots.ts';
import { type PortalAppointment, PortalState, type PortalSwitches } from './sandbox-state.ts';

const basePath = '/api/oauth2/v1';
const client = { id: 'sandbox-portico', secret: 'sandbox-portal-secret' };

/** One portal: an OpenID provider and the resource API on one origin (contract: whole file). */
export interface MyPatientPortalSimulator extends Simulator {
  readonly switches: PortalSwitches;
  /** The portal's own records, to be looked at and changed by tests. */
  readonly appointments: PortalAppointment[];
  /** How many refresh tokens of a person are good. */
  refreshTokens(accountId: string): number;
  /** Tokens and codes that are kept at the moment, used ones included. */
  issuedSecrets(): string[];
  /** Ends all access tokens; refresh tokens stay good. */
  expireAccessTokens(): void;
  /** Ends all tokens and grants: everybody has to connect again. */
  revokeEverything(): void;
}

const bearer = ({ headers }: SimulatorRequest) =>
  /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];

/** Starts MyPatientPortal's simulator on loopback. */
export async function startSimulator(options: SimulatorOptions): Promise<MyPatientPortalSimulator> {
  const state = new PortalState(options.clock);
  let authorization: Awaited<ReturnType<typeof createPortalAuthorization>> | undefined;

  async function whose(request: SimulatorRequest): Promise<Caller | undefined> {
    const value = bearer(request);
    const token = value && (await authorization?.provider.AccessToken.find(value));
    return token
      ? { accountId: token.accountId, scopes: token.scope?.split(' ') ?? [] }
      : undefined;
  }

  const simulator = await startSimulatorServer({
    basePath,
    port: options.port,
    routes: createRoutes(state, whose),
    environment: (origin) => ({
      MY_PATIENT_PORTAL_ISSUER: origin,
      MY_PATIENT_PORTAL_API_URL: origin + basePath,
      MY_PATIENT_PORTAL_CLIENT_ID: client.id,
      MY_PATIENT_PORTAL_CLIENT_SECRET: client.secret,
      MY_PATIENT_PORTAL_TIME_ZONE: timeZone,
    }),
    authenticate: async (request) => {
      if (await whose(request)) {
        return undefined;
      }
      return {
        status: 401,
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
        ...(!state.switches.emptyUnauthorized && {
          body: { error: 'invalid_token', error_description: 'The access token is invalid.' },
        }),
      };
    },
    handler: async (request, response) => {
      if (!/^\/(oauth|\.well-known)\//.test(request.url ?? '')) {
        return false;
      }
      await authorization?.handle(request, response);
      return true;
    },
  });
  authorization = await createPortalAuthorization(state, simulator.origin, {
    ...client,
    redirectUri: callbackUrl(options.publicUrl).href,
  });
  const { store } = authorization;

  return Object.assign(simulator, {
    switches: state.switches,
    appointments: state.appointments,
    refreshTokens: (accountId: string) =>
      store.count('RefreshToken', (token) => token.accountId === accountId && !token.consumed),
    issuedSecrets: () =>
      (['AccessToken', 'RefreshToken', 'AuthorizationCode'] as const).flatMap(store.values),
    expireAccessTokens: () => store.forget('AccessToken'),
    revokeEverything: () => {
      for (const model of ['AccessToken', 'RefreshToken', 'Grant', 'Session'] as const) {
        store.forget(model);
      }
    },
  });
}
