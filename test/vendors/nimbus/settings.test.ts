import { describe, expect, it } from 'vitest';
import { nimbus } from '../../../src/vendors/nimbus/index.ts';
import { toFollowUp, toIntegerId } from '../../../src/vendors/nimbus/map.ts';
import { isSafeRedirect } from '../../../src/vendors/nimbus/redirects.ts';
import {
  nimbusEnabled,
  nimbusFollowUp,
  nimbusLatestOrder,
  nimbusOnboarding,
  nimbusRevoked,
} from '../../../src/vendors/nimbus/wire.ts';

const complete = {
  NIMBUS_URL: 'https://nimbus.example.test',
  NIMBUS_USERNAME: 'clinic',
  NIMBUS_PASSWORD: 'a:b',
  NIMBUS_TREATMENT_TYPES: ' Weight-loss , Hair-loss,',
  NIMBUS_CENTRAL_PHARMACY_ID: 'pharm123',
};

describe('settings', () => {
  it('are read from the environment', () => {
    expect(nimbus.environment.parse({ ...complete, NIMBUS_TIMEOUT_MS: '900' })).toMatchObject({
      NIMBUS_URL: new URL('https://nimbus.example.test/'),
      NIMBUS_TREATMENT_TYPES: ['Weight-loss', 'Hair-loss'],
      NIMBUS_TIMEOUT_MS: 900,
    });
  });

  it.each([
    ['NIMBUS_USERNAME', 'cli:nic'],
    ['NIMBUS_TREATMENT_TYPES', ' , '],
    ['NIMBUS_URL', 'http://nimbus.example.test'],
    ['NIMBUS_URL', 'https://user:password@nimbus.example.test'],
    ['NIMBUS_CENTRAL_PHARMACY_ID', ''],
  ])('refuse %s=%s', (name, value) => {
    const read = nimbus.environment.safeParse({ ...complete, [name]: value });
    expect(new Set(read.error?.issues.map(({ path }) => path[0]))).toEqual(new Set([name]));
  });
});

describe('a redirect', () => {
  it.each([
    ['https://portal.example.test/telemed/visit?token=abc', undefined, true],
    ['http://127.0.0.1:4101/telemed/visit?token=abc', undefined, true],
    ['http://localhost/telemed', undefined, true],
    ['http://portal.example.test/telemed', undefined, false],
    ['http://127.0.0.1.example.test/telemed', undefined, false],
    ['ftp://portal.example.test/', undefined, false],
    ['javascript:alert(1)', undefined, false],
    ['//portal.example.test/telemed', undefined, false],
    ['/telemed/visit?token=abc', undefined, false],
    ['https://name@portal.example.test/', undefined, false],
    ['https://portal.example.test\\@evil.test/', undefined, false],
    [' https://portal.example.test/', undefined, false],
    ['https://portal.example.test/\nx', undefined, false],
    ['https://PORTAL.example.test/x', ['portal.example.test'], true],
    ['https://portal.example.test:8443/x', ['portal.example.test:8443'], true],
    ['https://portal.example.test:443/x', ['portal.example.test'], true],
    ['https://portal.example.test:8443/x', ['portal.example.test'], false],
    ['https://portal.example.test/x', ['portal.example.test:8443'], false],
    ['https://evil.test/portal.example.test', ['portal.example.test'], false],
    ['https://portal.example.test.evil.test/', ['portal.example.test'], false],
    ['http://127.0.0.1/', ['portal.example.test'], false],
  ])('to %j among %j is safe: %s', (link, hosts, safe) => {
    expect(isSafeRedirect(link, hosts)).toBe(safe);
  });
});

describe('answers', () => {
  it('may carry ids as strings, unknown fields and nulls', () => {
    expect(
      nimbusEnabled.parse({ user_id: '412', redirect_url: 'https://a.test', more: 1 }),
    ).toMatchObject({ user_id: '412', redirect_url: 'https://a.test' });
    expect(
      nimbusFollowUp.parse({ message: 'x', data: { followup_id: 3, followup_date: null } }),
    ).toMatchObject({ data: { followup_id: '3' } });
  });

  it.each([1, 412, 8_999_999_999_999_999, '412'])(
    'may carry the id %j, which goes out again as it came',
    (user_id) => {
      const { user_id: id } = nimbusOnboarding.parse({ user_id, redirect_url: null });
      expect(toIntegerId(id)).toBe(Number(user_id));
    },
  );

  it.each([0, -1, 1.5, 1e21, 2 ** 53, '0412', '1e3', '', true, null])(
    'carry no id such as %j',
    (user_id) => {
      expect(nimbusOnboarding.safeParse({ user_id, redirect_url: null }).success).toBe(false);
    },
  );

  it.each(['0000-00-00', '2030-02-30', '', null])(
    'to a follow-up name the day %j: the one that was asked for counts',
    (followup_date) => {
      const { data } = nimbusFollowUp.parse({ data: { followup_id: 3, followup_date } });
      expect(toFollowUp(data, '2030-02-01')).toEqual({ vendorFollowUpId: '3', date: '2030-02-01' });
      expect(toFollowUp({ ...data, followup_date: '2030-02-02' }, '2030-02-01').date).toBe(
        '2030-02-02',
      );
    },
  );

  it.each([undefined, null, '', 5])(
    'to an onboarding bring its id also with the link %j',
    (link) => {
      expect(nimbusOnboarding.parse({ user_id: 412, redirect_url: link })).toMatchObject({
        user_id: '412',
      });
    },
  );

  it.each([[{}], [[]], [{ message: 'Access revoked' }]])('to a revocation may be %j', (body) => {
    expect(nimbusRevoked.safeParse(body).success).toBe(true);
  });

  it.each([[{}], [{ data: {} }], [{ data: [] }], [{ status: 'success' }], [[]]])(
    'of latest-order are not taken for "no order": %j',
    (body) => {
      expect(nimbusLatestOrder.safeParse(body).success).toBe(false);
    },
  );
});
