import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';

/** reliability.md, section 4, "CSRF and CORS". */

const portal = 'https://portal.example.com';
const second = 'https://second.example.com';

const gateways: Record<'none' | 'one' | 'two', ListeningGateway | undefined> = {
  none: undefined,
  one: undefined,
  two: undefined,
};
const the = (which: keyof typeof gateways): ListeningGateway => {
  const found = gateways[which];
  if (found === undefined) {
    throw new Error('It is not started yet.');
  }
  return found;
};
beforeAll(async () => {
  const start = (origins: string, more = {}) =>
    startListeningGateway({ seeded: false, environment: { CORS_ORIGINS: origins, ...more } });
  [gateways.none, gateways.one, gateways.two] = await Promise.all([
    start(''),
    start(portal),
    start(`${portal},${second}`, { PUBLIC_URL: 'https://api.example.com' }),
  ]);
});
afterAll(() => Promise.all(Object.values(gateways).map((gateway) => gateway?.close())));
beforeEach(() => the('one').forget());
afterEach(async () => {
  expect(the('one').allCalls()).toEqual([]);
  expect(await the('one').good()).toBeLessThan(1_000);
});

const query = '{ patients(first: 100) { nodes { latestOrder { id } } } }';
const cors = (answer: Response) =>
  Object.fromEntries([...answer.headers].filter(([name]) => name.startsWith('access-control-')));
const post = (which: keyof typeof gateways, origin: string) =>
  the(which).ask({
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ query: '{ viewer { subject } }' }),
  });
const preflight = (which: keyof typeof gateways, origin: string) =>
  fetch(`${the(which).origin}graphql`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    },
  });

const foreign = [
  'https://evil.example',
  'null',
  'https://portal.example.com.evil.example',
  'https://portal.example.evil',
  'https://evil-portal.example.com',
  'https://sub.portal.example.com',
  'http://portal.example.com',
  'https://portal.example.com:8443',
  'https://PORTAL.example.com',
  'https://portal.example.com/',
  'file://',
];
const everyGateway = ['none', 'one', 'two'] as const;
const cases = everyGateway.flatMap((which) => foreign.map((origin) => [which, origin] as const));

describe('X01: an answer to a page of a foreign origin', () => {
  it.each(cases)('X01: where %s may call, grants %s nothing', async (which, origin) => {
    expect(cors(await post(which, origin))).toEqual({});
  });

  it('X01: grants the origins that are configured, without cookies, and says that it depends', async () => {
    for (const [which, origin] of [
      ['one', portal],
      ['two', portal],
      ['two', second],
    ] as const) {
      const answer = await post(which, origin);
      expect(cors(answer)).toMatchObject({ 'access-control-allow-origin': origin });
      expect(cors(answer)).not.toHaveProperty('access-control-allow-credentials');
      expect(answer.headers.get('vary')).toMatch(/origin/i);
    }
  });
});

describe('X02: the question of a browser before a foreign page calls', () => {
  it.each(cases)(
    'X02: where %s may call, is not answered with a header to %s',
    async (which, origin) => {
      const answer = await preflight(which, origin);
      expect(cors(answer)).toEqual({});
      // It has no token to sign in with: nothing is wrong with the question.
      expect(answer.status).toBe(204);
      expect(await answer.text()).toBe('');
    },
  );

  it('X02: is answered to the origins that are configured', async () => {
    expect(cors(await preflight('two', second))).toEqual({
      'access-control-allow-origin': second,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, x-request-id',
      'access-control-expose-headers': 'x-request-id, retry-after',
      'access-control-max-age': '600',
    });
  });
});

describe('X03: what a foreign page can send without asking', () => {
  // A browser adds cookies by itself, but never an Authorization header.
  const browser = {
    cookie: 'session=1',
    origin: 'https://evil.example',
    'sec-fetch-site': 'cross-site',
  };
  const address = () => `${the('one').origin}graphql`;

  it.each([
    ['text/plain', JSON.stringify({ query })],
    ['application/x-www-form-urlencoded', `query=${encodeURIComponent(query)}`],
    [
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n${query}\r\n--x--`,
    ],
    ['application/json', JSON.stringify({ query })],
  ])('X03: is a 401 as POST of %s', async (type, body) => {
    const answer = await fetch(address(), {
      method: 'POST',
      headers: { ...browser, 'content-type': type },
      body,
    });
    expect(answer.status).toBe(401);
    expect(cors(answer)).toEqual({});
  });

  it('X03: is a 401 as GET', async () => {
    const answer = await fetch(`${address()}?query=${encodeURIComponent(query)}`, {
      headers: browser,
    });
    expect(answer.status).toBe(401);
  });

  it('X03: is a 415 as POST, even if it had a token', async () => {
    const answer = await the('one').ask({
      method: 'POST',
      headers: { ...browser, 'content-type': 'text/plain' },
      body: JSON.stringify({ query }),
    });
    expect(answer.status).toBe(415);
  });

  it('X03: is never remembered for later: no answer sets a cookie', async () => {
    for (const answer of [await post('one', portal), await preflight('one', portal)]) {
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });
});

describe('X05: every answer', () => {
  const routes: [string, RequestInit][] = [
    ['health', {}],
    ['ready', {}],
    ['graphql', { headers: { accept: 'text/html' } }],
    ['graphql?query={viewer{subject}}', {}],
    ['graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }],
    ['graphql', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{' }],
    ['graphql', { method: 'POST', headers: { authorization: '' } }],
    ['graphql', { method: 'DELETE' }],
    ['graphql', { method: 'OPTIONS' }],
    ['oauth/my-patient-portal/callback?code=x&state=y', {}],
    ['nowhere', {}],
    ['', {}],
  ];
  it.each(routes)(
    'X05: of /%s %j is not stored, not sniffed, not framed, and says nothing of us',
    async (path, init) => {
      for (const which of ['one', 'two'] as const) {
        const { headers } = await the(which).ask(init, path);
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect(headers.get('x-frame-options')).toBe('DENY');
        expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
        expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/);
        for (const banner of ['server', 'x-powered-by', 'via', 'x-aspnet-version']) {
          expect(headers.get(banner)).toBeNull();
        }
        // Only where the gateway is reached over https.
        expect(headers.get('strict-transport-security')).toBe(
          which === 'two' ? 'max-age=31536000' : null,
        );
      }
    },
  );

  it('X05: but the explorer’s allows no script of its own, and the explorer’s none from elsewhere', async () => {
    const policyOf = async (path: string, accept: string) =>
      (await the('one').ask({ headers: { accept } }, path)).headers.get('content-security-policy');
    expect(await policyOf('health', 'text/html')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
    const page = (await policyOf('graphql', 'text/html')) ?? '';
    expect(page).toContain("script-src 'self' 'unsafe-inline'");
    expect(page).toContain("connect-src 'self'");
    expect(page).not.toMatch(/\*|https?:|'unsafe-eval'|'strict-dynamic'/);
  });
});
