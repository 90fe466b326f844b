import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenVerifier, type TokenVerifier } from '../../src/auth/token-verifier.ts';

/** reliability.md, section 4: A09, and A02's keys from elsewhere. A provider that can be away or slow. */

interface Key {
  jwk: JWK;
  sign(
    claims?: Record<string, unknown>,
    header?: Record<string, unknown>,
    audience?: string,
  ): Promise<string>;
}

let server: Server;
let issuer: string;
let calls: string[];
/** What the provider does with a request; default it answers. */
let behave: (response: ServerResponse, path: string) => boolean;
let published: JWK[];
/** Where it says that they are. */
let keysAt: string;
let now: number;
let verify: TokenVerifier['verify'];
/** What an operator was told. */
let told: unknown[][];

async function newKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' },
    sign: (claims = {}, header = {}, audience = 'portico') =>
      new SignJWT({ roles: ['STAFF'], ...claims })
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...header })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject('sandbox-staff')
        .setExpirationTime(Number(claims.exp ?? Math.floor(now / 1000) + 90_000))
        .sign(privateKey),
  };
}

beforeEach(async () => {
  calls = [];
  behave = () => false;
  now = Date.now();
  server = createServer((request, response) => {
    const path = request.url ?? '';
    calls.push(path);
    if (behave(response, path)) {
      return;
    }
    const body = path.startsWith('/.well-known/')
      ? { issuer, jwks_uri: keysAt }
      : { keys: published };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  keysAt = `${issuer}/jwks`;
  told = [];
  ({ verify } = createTokenVerifier({
    ...{ issuer, audience: 'portico', rolesClaim: 'roles', roleMapping: new Map() },
    clock: () => now,
    report: {
      keysNotFetched: ({ message }, areKnown) => told.push([message, areKnown]),
      refused: (reason) => told.push([reason]),
      misfit: (claim, found) => told.push([claim, found]),
      withoutRole: (why) => told.push([why]),
    },
  }));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const failing = (response: ServerResponse) => {
  response.writeHead(500).end();
  return true;
};
const silent = () => true;
const outcome = (token: string) =>
  verify(`Bearer ${token}`).then(
    ({ subject }) => subject,
    (error: { code?: string; name: string }) => error.code ?? error.name,
  );
/** Not UNAUTHENTICATED: nobody knows whether the token is good. */
const unknown = 'KeysUnknownError';
const timed = async <T>(work: Promise<T>): Promise<[T, number]> => {
  const started = performance.now();
  return [await work, performance.now() - started];
};

describe('A09: the provider’s keys', () => {
  it('that cannot be had at the start refuse everybody, quickly, until they can', async () => {
    const key = await newKey('one');
    published = [key.jwk];
    behave = failing;
    expect(await outcome(await key.sign())).toBe(unknown);
    expect(told).toEqual([['REFUSED 500', false]]);
    const asked = calls.length;
    const tokens = await Promise.all(Array.from({ length: 50 }, () => key.sign()));
    const [refused, duration] = await timed(Promise.all(tokens.map(outcome)));
    expect(new Set(refused)).toEqual(new Set([unknown]));
    expect(duration).toBeLessThan(1_000);
    // A provider in trouble is not asked for every request.
    expect(calls.length).toBe(asked);
    behave = () => false;
    now += 3_000;
    expect(await outcome(await key.sign())).toBe('sandbox-staff');
  });

  it.each([
    ['fails', failing],
    ['is silent', silent],
  ])('once known are used while it %s, and nobody waits', async (_what, trouble) => {
    const key = await newKey('one');
    published = [key.jwk];
    expect(await outcome(await key.sign())).toBe('sandbox-staff');
    behave = trouble;
    for (const later of [11 * 60_000, 60 * 60_000, 20 * 3_600_000]) {
      now += later;
      const [subject, duration] = await timed(outcome(await key.sign()));
      expect(subject).toBe('sandbox-staff');
      expect(duration).toBeLessThan(1_000);
    }
  });

  it('are no longer used after a day without an answer', async () => {
    const key = await newKey('one');
    published = [key.jwk];
    expect(await outcome(await key.sign())).toBe('sandbox-staff');
    behave = failing;
    now += 25 * 3_600_000;
    expect(await outcome(await key.sign())).toBe(unknown);
  });

  it('that were withdrawn are refused once they have been fetched anew', async () => {
    const [old, fresh] = [await newKey('old'), await newKey('fresh')];
    published = [old.jwk, fresh.jwk];
    expect(await outcome(await old.sign())).toBe('sandbox-staff');
    published = [fresh.jwk];
    now += 11 * 60_000;
    await outcome(await fresh.sign());
    await expect.poll(() => calls.filter((path) => path === '/jwks').length).toBe(2);
    await expect.poll(async () => outcome(await old.sign())).toBe('UNAUTHENTICATED');
    expect(await outcome(await fresh.sign())).toBe('sandbox-staff');
  });

  it('are fetched also after a clock that was set back, whenever they were fetched before', async () => {
    const [old, fresh] = [await newKey('old'), await newKey('fresh')];
    published = [old.jwk];
    behave = failing;
    expect(await outcome(await old.sign())).toBe(unknown);
    now -= 3_600_000;
    behave = () => false;
    expect(await outcome(await old.sign())).toBe('sandbox-staff');
    published = [fresh.jwk];
    now += 60_000;
    expect(await outcome(await fresh.sign())).toBe('sandbox-staff');
    published = [old.jwk];
    now -= 3_600_000;
    expect(await outcome(await old.sign())).toBe('sandbox-staff');
  });

  it('are found where the provider has moved them', async () => {
    const [old, fresh] = [await newKey('old'), await newKey('fresh')];
    published = [old.jwk];
    expect(await outcome(await old.sign())).toBe('sandbox-staff');
    keysAt = `${issuer}/keys`;
    published = [fresh.jwk];
    behave = (response, path) => path === '/jwks' && failing(response);
    now += 60_000;
    // Nobody is made to wait for a second place.
    expect(await outcome(await fresh.sign())).toBe('UNAUTHENTICATED');
    now += 3_000;
    expect(await outcome(await fresh.sign())).toBe('sandbox-staff');
  });

  it('are not asked for over http of another host than the issuer’s', async () => {
    const key = await newKey('one');
    published = [key.jwk];
    keysAt = keysAt.replace('127.0.0.1', 'localhost');
    expect(await outcome(await key.sign())).toBe(unknown);
    expect(calls).toEqual(['/.well-known/openid-configuration']);
    expect(told).toEqual([['KEYS_UNPROTECTED', false]]);
  });

  it('of unknown names do not make it fetch for every token', async () => {
    const [key, other] = [await newKey('one'), await newKey('other')];
    published = [key.jwk];
    expect(await outcome(await key.sign())).toBe('sandbox-staff');
    for (const trouble of [() => false, failing]) {
      behave = trouble;
      now += 60_000;
      const before = calls.length;
      for (let count = 0; count < 20; count += 1) {
        expect(await outcome(await other.sign())).toBe('UNAUTHENTICATED');
      }
      expect(calls.length - before).toBe(1);
    }
    expect(told).toContainEqual(['NO_KEYS', true]);
    behave = () => false;
    published = [other.jwk];
    now += 3_000;
    expect(await outcome(await other.sign())).toBe('sandbox-staff');
  });

  it('that were changed just after they had been fetched are fetched once more, for all who bring the new one', async () => {
    const [old, fresh, next] = [await newKey('old'), await newKey('fresh'), await newKey('next')];
    published = [old.jwk];
    expect(await outcome(await old.sign())).toBe('sandbox-staff');
    now += 500;
    published = [fresh.jwk];
    const fetched = () => calls.filter((path) => path === '/jwks').length;
    const tokens = await Promise.all(Array.from({ length: 20 }, () => fresh.sign()));
    expect(new Set(await Promise.all(tokens.map(outcome)))).toEqual(new Set(['sandbox-staff']));
    expect(fetched()).toBe(2);
    // Not for each token of a key that nobody has.
    now += 500;
    published = [next.jwk];
    expect(await outcome(await next.sign())).toBe('UNAUTHENTICATED');
    expect(fetched()).toBe(2);
    now += 30_000;
    expect(await outcome(await next.sign())).toBe('sandbox-staff');
    expect(fetched()).toBe(3);
  });

  it('that are none are told of', async () => {
    const key = await newKey('one');
    published = [key.jwk];
    behave = (response, path) => {
      if (path === '/jwks') {
        response.writeHead(200).end('<html>');
      }
      return path === '/jwks';
    };
    expect(await outcome(await key.sign())).toBe(unknown);
    expect(told).toEqual([['NO_KEYS', false]]);
    expect(await outcome('a.b.c')).toBe('UNAUTHENTICATED');
  });
});

describe('an operator is told', () => {
  it.each([
    ['of a token for somebody else', 'account', {}, [['aud'], ['aud', 'account']]],
    ['of one without roles', 'portico', { roles: undefined }, [['NO_CLAIM']]],
    ['of one with roles that nobody mapped', 'portico', { roles: ['nurse'] }, [['NO_KNOWN_ROLE']]],
    ['why one is refused', 'portico', { exp: 1 }, [['ERR_JWT_EXPIRED']]],
  ])('%s', async (_what, audience, claims, expected) => {
    const key = await newKey('one');
    published = [key.jwk];
    await outcome(await key.sign(claims, {}, audience));
    expect(told).toEqual(expected);
  });

  it('nothing out of a token that the provider did not sign', async () => {
    const [key, own] = [await newKey('one'), await newKey('own')];
    published = [key.jwk];
    await outcome(await own.sign({}, { kid: 'one' }, 'canary'));
    expect(told).toEqual([['ERR_JWS_SIGNATURE_VERIFICATION_FAILED']]);
  });
});

describe('A02: a token that says where its key is', () => {
  it.each(['jku', 'x5u'])('(%s) is refused, and nobody goes there', async (header) => {
    const [key, own] = [await newKey('one'), await newKey('own')];
    published = [key.jwk];
    expect(await outcome(await key.sign())).toBe('sandbox-staff');
    const before = calls.length;
    const token = await own.sign({}, { kid: 'one', [header]: `${issuer}/canary` });
    expect(await outcome(token)).toBe('UNAUTHENTICATED');
    expect(calls.slice(before)).not.toContain('/canary');
  });

  it.each([
    ['a path for a kid', { kid: '../../../../dev/null' }],
    ['an SQL text for a kid', { kid: "' or 1=1 --" }],
    ['a critical extension that we do not know', { crit: ['canary'], canary: true }],
  ])('%s is refused', async (_what, header) => {
    const key = await newKey('one');
    published = [key.jwk];
    expect(await outcome(await key.sign({}, header).catch(() => 'a.b.c'))).toBe('UNAUTHENTICATED');
  });
});

describe('A03: a token of another kind', () => {
  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'id+jwt'])('(%s) is refused', async (typ) => {
    const key = await newKey('one');
    published = [key.jwk];
    expect(await outcome(await key.sign({}, { typ }))).toBe('UNAUTHENTICATED');
    expect(await outcome(await key.sign({}, { typ: 'JWT' }))).toBe('sandbox-staff');
    expect(await outcome(await key.sign({}, { typ: 'application/at+jwt' }))).toBe('sandbox-staff');
  });
});

describe('a token that was verified', () => {
  /** Nobody can tell from outside whether a signature was checked, but by a key that has gone meanwhile. */
  async function verified(expiresIn = 90_000) {
    const [old, fresh] = [await newKey('old'), await newKey('fresh')];
    published = [old.jwk];
    const token = await old.sign({ exp: Math.floor(now / 1000) + expiresIn });
    expect(await outcome(token)).toBe('sandbox-staff');
    return { token, fresh };
  }

  it('is known for a minute, and its clock is looked at all the same', async () => {
    const { token } = await verified(20);
    now += 45_000;
    expect(await outcome(token)).toBe('sandbox-staff');
    // 30 s of skew are over.
    now += 6_000;
    expect(await outcome(token)).toBe('UNAUTHENTICATED');
  });

  it('is not known any more once keys were fetched anew', async () => {
    const { token, fresh } = await verified();
    published = [fresh.jwk];
    now += 11 * 60_000;
    // Fetched in the background of the first.
    await outcome(await fresh.sign());
    await expect.poll(() => calls.filter((path) => path === '/jwks').length).toBe(2);
    await expect.poll(() => outcome(token)).toBe('UNAUTHENTICATED');
  });

  it('does not vouch for one that differs from it', async () => {
    const { token } = await verified();
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ sub: 'somebody', roles: ['ADMIN'] }));
    expect(await outcome(`${head}.${claims.toString('base64url')}.${signature}`)).toBe(
      'UNAUTHENTICATED',
    );
    // Not its end: of a signature's last character some bits say nothing.
    const other = signature.startsWith('A') ? 'B' : 'A';
    expect(await outcome(`${head}.${body}.${other}${signature.slice(1)}`)).toBe('UNAUTHENTICATED');
  });
});
