import { createHash } from 'node:crypto';
import type { ProviderContext } from 'oidc-provider';
import { createAuthorizationServer } from '../../sandbox/authorization-server.ts';
import { people } from './fixtures.ts';
import { claimsOf, type PortalState } from './sandbox-state.ts';

/** Seconds; the [assumed] lifetimes of section 2. */
const lifetimes = {
  AccessToken: 7200,
  AuthorizationCode: 600,
  ClientCredentials: 7200,
  Grant: 90 * 24 * 60 * 60,
  IdToken: 7200,
  Interaction: 3600,
  RefreshToken: 90 * 24 * 60 * 60,
  Session: 24 * 60 * 60,
};

const wellKnown = '/.well-known/openid-configuration';
const alsoKnown = '/.well-known/oauth-authorization-server';

/** The fields of 2.7; the package would publish more, among it PKCE methods, which the vendor does not. */
const published = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'scopes_supported',
  'response_types_supported',
  'response_modes_supported',
  'grant_types_supported',
  'token_endpoint_auth_methods_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
  'claim_types_supported',
  'claims_supported',
  'authorization_response_iss_parameter_supported',
];

interface RegisteredClient {
  id: string;
  secret: string;
  redirectUri: string;
}

/** Gives the package's answers the portal's shape. */
function dress(context: ProviderContext, { switches }: PortalState) {
  const body = context.body as Record<string, unknown> | undefined;
  switch (context.oidc?.route) {
    case 'discovery':
      context.body = Object.fromEntries(
        Object.entries(body ?? {}).filter(([name]) => published.includes(name)),
      );
      Object.assign(context.body as object, {
        token_endpoint_auth_methods_supported: switches.clientAuthentication,
      });
      break;
    case 'token':
      if (context.status === 200) {
        context.body = { ...body, created_at: Math.floor(Date.now() / 1000) };
      } else {
        // Doorkeeper's way (2.5): also for errors that have nothing to do with a bearer token.
        context.set('www-authenticate', `Bearer realm="Doorkeeper", error="${body?.error}"`);
      }
      break;
    case 'revocation':
      if (context.status === 200) {
        context.body = {};
      }
      break;
  }
}

/** The portal's authorization server: a real OpenID provider at the documented paths of section 2. */
export async function createPortalAuthorization(
  state: PortalState,
  issuer: string,
  client: RegisteredClient,
) {
  const { switches } = state;
  return await createAuthorizationServer({
    issuer,
    title: 'MyPatientPortal (sandbox)',
    cookiePrefix: 'portal',
    signInPath: '/oauth/sign-in',
    logins: people.map((person) => ({
      username: person.username,
      password: person.password,
      accountId: person.accountId,
      claims: claimsOf(person),
    })),
    wishes: {
      openid: 'know who you are',
      profile_read: 'read your profile',
      appointment_read: 'read your appointments',
      appointment_write: 'book, move and cancel appointments for you',
    },
    around: async (context, next) => {
      if (context.path === wellKnown || context.path === alsoKnown) {
        if (!switches.discovery) {
          context.status = 404;
          context.body = 'Not Found';
          return;
        }
        context.path = wellKnown;
      }
      await next();
      dress(context, state);
    },
    granted: (scopes) => scopes.filter((scope) => !switches.dropScopes.includes(scope)),
    configuration: {
      clients: [
        {
          client_id: client.id,
          client_secret: client.secret,
          redirect_uris: [client.redirectUri],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
          subject_type: 'pairwise',
        },
      ],
      clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
      responseTypes: ['code'],
      scopes: [
        'openid',
        'profile_read',
        'appointment_read',
        'appointment_write',
        'appointment_guest_lookup',
        'appointment_guest_write',
        'basic',
        'profile:read',
        'appointments:read',
        'appointments:book',
      ],
      claims: {
        openid: ['sub', ...Object.keys(claimsOf(people[0] ?? ({} as never)))],
      },
      subjectTypes: ['pairwise'],
      pairwiseIdentifier: (
        _context: unknown,
        accountId: string,
        { sectorIdentifier }: { sectorIdentifier: string },
      ) => createHash('sha256').update(`${sectorIdentifier}:${accountId}`).digest('hex'),
      routes: {
        authorization: '/oauth/authorize',
        token: '/oauth/token',
        revocation: '/oauth/revoke',
        introspection: '/oauth/introspect',
        userinfo: '/oauth/userinfo',
        jwks: '/oauth/discovery/keys',
      },
      enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
      // Verified where it is sent; the vendor does not ask for it.
      pkce: { required: () => false },
      issueRefreshToken: () => true,
      rotateRefreshToken: () => switches.rotateRefresh,
      ttl: lifetimes,
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: { enabled: false },
        pushedAuthorizationRequests: { enabled: false },
        dPoP: { enabled: false },
        resourceIndicators: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: { enabled: true, allowedPolicy: () => true },
        revocation: { enabled: true, allowedPolicy: () => true },
      },
    },
  });
}
