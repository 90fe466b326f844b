import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TokenWishes } from '../../src/sandbox/identity-provider.ts';
import { ofPatient } from '../support/documents.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const ask = async (authorization: string | undefined) => {
  const response = await gateway.fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization !== undefined && { authorization }),
    },
    body: JSON.stringify({
      query: ofPatient('fullName latestOrder { id }'),
      variables: { id: gateway.ids.Ana },
    }),
  });
  const text = await response.text();
  return { response, text, body: JSON.parse(text) };
};
const mint = (wishes: Partial<TokenWishes> = {}) =>
  gateway.sandbox.identityProvider.token({
    subject: 'sandbox-staff',
    roles: ['STAFF'],
    ...wishes,
  });
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = () => {
  const { issuer, audience } = gateway.sandbox.identityProvider;
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: audience,
    sub: 'sandbox-staff',
    roles: ['STAFF'],
    iat: now,
    exp: now + 600,
  };
};
const unsigned = (alg: string) => `${encoded({ alg, typ: 'at+jwt' })}.${encoded(claims())}.`;
const publicKey = async () => {
  const { issuer } = gateway.sandbox.identityProvider;
  const set = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: Record<string, string>[] };
  return set.keys[0] ?? {};
};

const tampered = async () => {
  const [header, , signature] = (await mint({ subject: 'sandbox-ana', roles: ['PATIENT'] })).split(
    '.',
  );
  return `${header}.${encoded(claims())}.${signature}`;
};
const ofAnotherKey = async () => {
  const { privateKey } = await generateKeyPair('RS256');
  const { kid = '' } = await publicKey();
  return new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
};
/** The old trick: the public key as the secret of a symmetric algorithm. */
const symmetric = async () => {
  const key = await publicKey();
  const secret = new TextEncoder().encode(JSON.stringify(key));
  return new SignJWT(claims())
    .setProtectedHeader({ alg: 'HS256', kid: key.kid ?? '' })
    .sign(secret);
};
/** A key that the token brings along itself. */
const withItsOwnKey = async () => {
  const { privateKey, publicKey: own } = await generateKeyPair('RS256', { extractable: true });
  return new SignJWT(claims())
    .setProtectedHeader({ alg: 'RS256', jwk: await exportJWK(own) })
    .sign(privateKey);
};

describe('a request', () => {
  it.each([
    ['without a token', async () => undefined],
    ['with an empty token', async () => 'Bearer '],
    ['with another scheme', async () => `Basic ${await mint()}`],
    ['with a word', async () => 'Bearer word'],
    ['with two tokens', async () => `Bearer ${await mint()} ${await mint()}`],
    ['with an expired token', async () => `Bearer ${await mint({ expiresInSeconds: -60 })}`],
    ['with a token for somebody else', async () => `Bearer ${await mint({ audience: 'other' })}`],
    [
      'with a token from somebody else',
      async () => `Bearer ${await mint({ issuer: 'https://idp.example.test' })}`,
    ],
    [
      'with a token that is not valid yet',
      async () => `Bearer ${await mint({ claims: { nbf: Math.floor(Date.now() / 1000) + 3600 } })}`,
    ],
    ['with an empty subject', async () => `Bearer ${await mint({ subject: '' })}`],
    [
      'with a token of an unknown key',
      async () => `Bearer ${await mint({ header: { kid: 'unknown' } })}`,
    ],
    ['with a token without a signature (none)', async () => `Bearer ${unsigned('none')}`],
    ['with a token without a signature (None)', async () => `Bearer ${unsigned('None')}`],
    ['with a token without its signature', async () => `Bearer ${unsigned('RS256')}`],
    ['with a token whose claims were changed', async () => `Bearer ${await tampered()}`],
    [
      'with a token of another key under the same name',
      async () => `Bearer ${await ofAnotherKey()}`,
    ],
    ['with a token signed with the public key', async () => `Bearer ${await symmetric()}`],
    ['with a token that brings its own key', async () => `Bearer ${await withItsOwnKey()}`],
    ['with an endless token', async () => `Bearer ${'a'.repeat(9000)}`],
  ])('A02, A03: %s is a 401 that says no more than that', async (_name, authorization) => {
    const given = await authorization();
    const { response, body, text } = await ask(given);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(body).toEqual({
      errors: [
        {
          message: 'A valid bearer token of the clinic’s identity provider is required.',
          extensions: { code: 'UNAUTHENTICATED', requestId: expect.any(String) },
        },
      ],
    });
    const token = given?.split(' ')[1];
    if (token && token.length > 10) {
      expect(text).not.toContain(token);
      expect(gateway.logged()).not.toContain(token);
    }
    expect(gateway.allCalls()).toEqual([]);
    const good = await ask(`Bearer ${await mint()}`);
    expect(good.response.status).toBe(200);
    expect(good.body.data.patient).toEqual({ fullName: 'Ana Silva', latestOrder: { id: '9001' } });
  });

  it('A01: without a token learns nothing from a broken document either', async () => {
    const response = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __schema { types { name } } nonsense }' }),
    });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toMatch(/nonsense|__schema|types/);
  });
});

describe('a valid token', () => {
  it.each([
    ['no roles', []],
    ['roles that are none of ours', ['SUPERUSER', 'staff', 'Admin']],
  ])('with %s reaches nothing', async (_name, roles) => {
    const { body } = await ask(`Bearer ${await mint({ roles })}`);
    expect(body.data).toEqual({ patient: null });
    expect(body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([['STAFF'], [{ STAFF: true }], [null], [42]])(
    'with %j for its roles reaches nothing',
    async (roles) => {
      const { body } = await ask(`Bearer ${await mint({ claims: { roles } })}`);
      expect(body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it('is taken up to the tolerance of clocks', async () => {
    const { response } = await ask(`Bearer ${await mint({ expiresInSeconds: -5 })}`);
    expect(response.status).toBe(200);
  });

  it('is taken whatever the case of its scheme', async () => {
    const { response } = await ask(`bearer ${await mint()}`);
    expect(response.status).toBe(200);
  });
});

describe('the log', () => {
  it('says once why tokens of the provider do not fit', async () => {
    for (const jti of ['1', '2']) {
      await ask(`Bearer ${await mint({ audience: 'account', claims: { jti } })}`);
      await ask(`Bearer ${await mint({ roles: ['nurse'], claims: { jti } })}`);
    }
    const lines = gateway.logged().split('\n');
    expect(lines.filter((line) => line.includes('does not fit AUTH_AUDIENCE'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('AUTH_ROLE_MAPPING'))).toHaveLength(1);
  });
});

describe('an identity provider that is away', () => {
  it('is a 503 that says so, not a sign that the caller has to sign in again', async () => {
    const away = await startTestGateway({
      sandbox: gateway.sandbox,
      seeded: false,
      environment: { AUTH_ISSUER: `http://127.0.0.1:${await freePort()}` },
    });
    try {
      const { status, headers, errors } = await away.query('{ viewer { subject } }');
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('5');
      expect(errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
      expect(errors[0]?.message).toMatch(/identity provider/);
      expect(away.logged()).toMatch(
        /"level":40,.*"problem":"UNREACHABLE","detail":"ECONNREFUSED","msg":"[^"]*nobody gets in/,
      );
      const { status: ofRubbish } = await away.fetch('/graphql?query={__typename}', {
        headers: { authorization: 'Bearer rubbish' },
      });
      expect(ofRubbish).toBe(401);
    } finally {
      await away.close();
    }
  });
});
