import { describe, expect, it } from 'vitest';
import { mdHq } from '../../../src/vendors/md-hq/index.ts';
import { openPortal } from '../enqueued-portal/open-portal.ts';

const complete = {
  MD_HQ_URL: 'https://sandbox.example.test/api/v1',
  MD_HQ_USERNAME: 'pk_clinic',
  MD_HQ_PASSWORD: 'key:with:colons',
};

describe('MD HQ', () => {
  it('is configured by its own variables', () => {
    expect(
      mdHq.environment.parse({ ...complete, MD_HQ_TIMEOUT_MS: '700', MD_HQ_CONCURRENCY: '4' }),
    ).toEqual({
      ...complete,
      MD_HQ_URL: new URL('https://sandbox.example.test/api/v1/'),
      MD_HQ_TIMEOUT_MS: 700,
      MD_HQ_CONCURRENCY: 4,
    });
  });

  it.each([
    ['MD_HQ_USERNAME', 'pk:clinic'],
    ['MD_HQ_URL', 'https://pk_clinic:key@sandbox.example.test/api/v1'],
    ['MD_HQ_URL', 'http://sandbox.example.test/api/v1'],
    ['MD_HQ_PASSWORD', ''],
  ])('refuses %s=%s', (name, value) => {
    const read = mdHq.environment.safeParse({ ...complete, [name]: value });
    expect(new Set(read.error?.issues.map(({ path }) => path[0]))).toEqual(new Set([name]));
  });

  it('starts its own simulator, lazily', async () => {
    const start = await mdHq.sandbox();
    const simulator = await start({
      port: 0,
      publicUrl: new URL('http://127.0.0.1:4000'),
      clock: Date.now,
    });
    try {
      expect(mdHq.environment.safeParse(simulator.environment).success).toBe(true);
      expect(simulator.environment.MD_HQ_URL).toBe(`${simulator.origin}/api/v1`);
    } finally {
      await simulator.close();
    }
  });

  it('offers what it says it offers', async () => {
    const { door, close } = await openPortal('MD_HQ');
    try {
      expect(door).toMatchObject({ id: 'MD_HQ', label: 'MD HQ' });
      expect(door.health()).toEqual({ state: 'AVAILABLE', retryAt: undefined });
      const { id, label, health, ...offered } = door;
      expect(new Set(Object.keys(offered))).toEqual(new Set(mdHq.capabilities));
    } finally {
      await close();
    }
  });

  it('says that Emi has an address and is inactive', async () => {
    const { profile, scope, emi, close } = await openPortal('MD_HQ');
    try {
      expect(emi.vendorPatientId).toBe('1225');
      expect(await profile(scope(), emi)).toMatchObject({
        email: 'emi.tanaka@example.com',
        firstName: 'Emi',
      });
    } finally {
      await close();
    }
  });
});
