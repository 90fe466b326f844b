import { generateKeyPairSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InteractionDetails, Provider } from 'oidc-provider';
import { createAuthorizationStore } from './authorization-store.ts';
import { consentPage, errorPage, loginPage } from './sign-in-pages.ts';
import { readBody } from './simulator-bodies.ts';

/** Somebody who can sign in at a sandbox's authorization server. */
export interface SandboxLogin {
  username: string;
  password: string;
  /** The server's own id of the account; clients may see another subject. */
  accountId: string;
  claims: Readonly<Record<string, unknown>>;
}

export interface AuthorizationServerOptions {
  issuer: string;
  /** For the pages. */
  title: string;
  /** Cookies of one host are shared by all its ports: each server needs names of its own. */
  cookiePrefix: string;
  logins: readonly SandboxLogin[];
  /** Path of the sign-in pages, e.g. `/oauth/sign-in`. */
  signInPath: string;
  /** What each scope means to the person who is asked. */
  wishes: Readonly<Record<string, string>>;
  /** Narrows the scopes that an approval grants; default all that were asked for. */
  granted?: (scopes: readonly string[]) => readonly string[];
  signingKey?: Record<string, unknown>;
  /** Runs around everything of oidc-provider. */
  around?: Parameters<Provider['use']>[0];
  /** Further configuration of oidc-provider. */
  configuration: Record<string, unknown>;
}

/** A fresh RS256 key pair as a private JWK. */
export function generateSigningKey(): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomBytes(8).toString('hex');
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
}

/** Loads oidc-provider without its remark about Node 20, on which it works. */
async function loadProvider(): Promise<typeof Provider> {
  // biome-ignore-start lint/suspicious/noConsole: this is the channel the package talks on
  const { warn } = console;
  console.warn = (...parts: unknown[]) => {
    if (!/Unsupported runtime/.test(String(parts[0]))) {
      warn(...parts);
    }
  };
  try {
    return (await import('oidc-provider')).Provider;
  } finally {
    console.warn = warn;
  }
  // biome-ignore-end lint/suspicious/noConsole: see above
}

const same = (one: string, other: string) => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
};

/** An OpenID provider with real sign-in and consent pages, for sandboxes on loopback. */
export async function createAuthorizationServer(options: AuthorizationServerOptions) {
  const { title, cookiePrefix, logins, signInPath, wishes } = options;
  const store = createAuthorizationStore();
  const ProviderClass = await loadProvider();
  const provider = new ProviderClass(options.issuer, {
    adapter: store.adapter,
    jwks: { keys: [options.signingKey ?? generateSigningKey()] },
    cookies: {
      names: {
        session: `${cookiePrefix}_session`,
        interaction: `${cookiePrefix}_sign_in`,
        resume: `${cookiePrefix}_resume`,
      },
      keys: [randomBytes(32).toString('base64url')],
    },
    findAccount: (_context: unknown, accountId: string) => {
      const login = logins.find((one) => one.accountId === accountId);
      return (
        login && {
          accountId,
          claims: async () => ({ ...login.claims, sub: accountId }),
        }
      );
    },
    interactions: {
      url: (_context: unknown, interaction: { uid: string }) => `${signInPath}/${interaction.uid}`,
    },
    renderError: (context: { type: string; body: unknown }, out: { error: string }) => {
      context.type = 'html';
      context.body = errorPage(title, out.error);
    },
    // Tokens outlive the browser session, as on the real servers.
    expiresWithSession: () => false,
    ...options.configuration,
  });
  if (options.around) {
    provider.use(options.around);
  }
  const passOn = provider.callback();

  function show(response: ServerResponse, status: number, html: string) {
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-frame-options': 'DENY',
    });
    response.end(html);
  }

  const askedFor = (details: InteractionDetails) =>
    String(details.params.scope ?? '')
      .split(' ')
      .filter((scope) => scope !== '');

  function showPrompt(response: ServerResponse, details: InteractionDetails, failed: boolean) {
    const action = `${signInPath}/${details.uid}`;
    if (details.prompt.name === 'login') {
      const names = logins.map(({ username, password }) => `${username} / ${password}`);
      const hint = `Sandbox people: ${names.join(', ')}.`;
      return show(response, failed ? 401 : 200, loginPage({ title, action, hint, failed }));
    }
    const client = String(details.params.client_id);
    const asked = askedFor(details).map((scope) => wishes[scope] ?? scope);
    return show(response, 200, consentPage({ title, action, client, wishes: asked }));
  }

  async function grant(details: InteractionDetails): Promise<string> {
    const accountId = details.session?.accountId ?? '';
    const clientId = String(details.params.client_id);
    const known = details.grantId ? await provider.Grant.find(details.grantId) : undefined;
    const entry = known ?? new provider.Grant({ accountId, clientId });
    const asked = askedFor(details);
    const granted = options.granted?.(asked) ?? asked;
    entry.addOIDCScope(granted.join(' '));
    entry.rejectOIDCScope(asked.filter((scope) => !granted.includes(scope)).join(' '));
    const resources = (details.prompt.details.missingResourceScopes ?? {}) as Record<
      string,
      string[]
    >;
    for (const [resource, scopes] of Object.entries(resources)) {
      entry.addResourceScope(resource, scopes.join(' '));
    }
    return await entry.save();
  }

  async function answerPrompt(
    request: IncomingMessage,
    response: ServerResponse,
    details: InteractionDetails,
  ) {
    const form = ((await readBody(request)) ?? {}) as Record<string, unknown>;
    if (form.answer === 'refuse') {
      const refusal = { error: 'access_denied', error_description: 'The person refused.' };
      return provider.interactionFinished(request, response, refusal);
    }
    if (details.prompt.name === 'consent') {
      const consent = { grantId: await grant(details) };
      return provider.interactionFinished(
        request,
        response,
        { consent },
        { mergeWithLastSubmission: true },
      );
    }
    const login = logins.find(
      ({ username, password }) =>
        same(username, String(form.username)) && same(password, String(form.password)),
    );
    if (!login) {
      return showPrompt(response, details, true);
    }
    const result = { login: { accountId: login.accountId } };
    return provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
  }

  /** Serves the pages and everything of oidc-provider. */
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (!path.startsWith(`${signInPath}/`)) {
      return await passOn(request, response);
    }
    let details: InteractionDetails;
    try {
      details = await provider.interactionDetails(request, response);
    } catch {
      return show(response, 400, errorPage(title, 'this sign-in is over'));
    }
    return request.method === 'POST'
      ? await answerPrompt(request, response, details)
      : showPrompt(response, details, false);
  }

  return { provider, store, handle };
}
export type AuthorizationServer = Awaited<ReturnType<typeof createAuthorizationServer>>;
