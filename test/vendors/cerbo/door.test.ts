import { describe, expect, it } from 'vitest';
import { cerbo } from '../../../src/vendors/cerbo/index.ts';
import { openPortal } from '../enqueued-portal/open-portal.ts';

const complete = {
  CERBO_URL: 'https://sandbox.example.test/api/v1',
  CERBO_USERNAME: 'pk_clinic',
  CERBO_PASSWORD: 'key:with:colons',
};

describe('Cerbo', () => {
  it('is configured by its own variables', () => {
    expect(
      cerbo.environment.parse({ ...complete, CERBO_TIMEOUT_MS: '700', CERBO_CONCURRENCY: '4' }),
    ).toEqual({
      ...complete,
      CERBO_URL: new URL('https://sandbox.example.test/api/v1/'),
      CERBO_TIMEOUT_MS: 700,
      CERBO_CONCURRENCY: 4,
    });
  });

  it.each([
    ['CERBO_USERNAME', 'pk:clinic'],
    ['CERBO_URL', 'https://pk_clinic:key@sandbox.example.test/api/v1'],
    ['CERBO_URL', 'http://sandbox.example.test/api/v1'],
    ['CERBO_PASSWORD', ''],
  ])('refuses %s=%s', (name, value) => {
    const read = cerbo.environment.safeParse({ ...complete, [name]: value });
    expect(new Set(read.error?.issues.map(({ path }) => path[0]))).toEqual(new Set([name]));
  });

  it('starts its own simulator, lazily', async () => {
    const start = await cerbo.sandbox();
    const simulator = await start({
      port: 0,
      publicUrl: new URL('http://127.0.0.1:4000'),
      clock: Date.now,
    });
    try {
      expect(cerbo.environment.safeParse(simulator.environment).success).toBe(true);
      expect(simulator.environment.CERBO_URL).toBe(`${simulator.origin}/api/v1`);
    } finally {
      await simulator.close();
    }
  });

  it('offers what it says it offers', async () => {
    const { door, close } = await openPortal('CERBO');
    try {
      expect(door).toMatchObject({ id: 'CERBO', label: 'Cerbo' });
      expect(door.health()).toEqual({ state: 'AVAILABLE', retryAt: undefined });
      const { id, label, health, ...offered } = door;
      expect(new Set(Object.keys(offered))).toEqual(new Set(cerbo.capabilities));
    } finally {
      await close();
    }
  });

  it('says that Emi has no e-mail address on file', async () => {
    const { profile, scope, emi, close } = await openPortal('CERBO');
    try {
      expect(emi.vendorPatientId).toBe('225');
      expect(await profile(scope(), emi)).toMatchObject({ email: null, firstName: 'Emi' });
    } finally {
      await close();
    }
  });
});
