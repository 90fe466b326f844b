import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openAvailability, sealAvailability } from '../../src/domain/availability-id.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { longestAvailabilityId } from '../../src/vendors/my-patient-portal/wire.ts';

const key = randomBytes(32);
const sealer = createSealer({ current: key });

describe('sealing', () => {
  test('opens what it sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (value, purpose) => {
        expect(sealer.open(purpose, sealer.seal(purpose, value))).toBe(value);
      }),
    );
  });

  test('is URL-safe and never the same twice', () => {
    const sealed = sealer.seal('a', 'secret');
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(sealer.seal('a', 'secret')).not.toBe(sealed);
    expect(Buffer.from(sealed, 'base64url').includes('secret')).toBe(false);
  });

  test('has room for the longest handle of a slot in the id of an availability', () => {
    const long = '9'.repeat(15);
    const availability = {
      vendor: 'MY_PATIENT_PORTAL',
      patientId: randomUUID(),
      vendorSlotId: 'x'.repeat(longestAvailabilityId),
      start: new Date(8.64e15),
      end: new Date(8.64e15),
      timeZone: 'America/Argentina/ComodRivadavia',
      placesLeft: null,
      vendorProviderId: null,
      purpose: { kind: 'funnel', insuranceId: long, categoryId: long, typeId: long },
    } as const;
    const id = sealAvailability(sealer, availability, 0);
    expect(openAvailability(sealer, id, 0)).toEqual({ availability, stale: false });
  });

  test('refuses another purpose', () => {
    expect(sealer.open('table/2/column', sealer.seal('table/1/column', 'secret'))).toBeUndefined();
  });

  test('refuses a text of which any one character was changed, added or removed', () => {
    const sealed = sealer.seal('purpose', 'secret value');
    for (let index = 0; index < sealed.length; index += 1) {
      for (const other of ['A', 'B', '_', '=', '']) {
        const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
        if (changed !== sealed) {
          expect(sealer.open('purpose', changed)).toBeUndefined();
        }
      }
    }
    expect(sealer.open('purpose', `${sealed}A`)).toBeUndefined();
    expect(sealer.open('purpose', '')).toBeUndefined();
    expect(sealer.open('purpose', 'no sealed text at all')).toBeUndefined();
  });

  test('opens with an old key and seals with the current one', () => {
    const sealedBefore = sealer.seal('a', 'secret');
    const rotated = createSealer({ current: randomBytes(32), old: [key] });
    expect(rotated.open('a', sealedBefore)).toBe('secret');
    expect(sealer.open('a', rotated.seal('a', 'secret'))).toBeUndefined();
    expect(createSealer({ current: randomBytes(32) }).open('a', sealedBefore)).toBeUndefined();
  });

  test('refuses a key of another length', () => {
    expect(() => createSealer({ current: randomBytes(31) })).toThrow(RangeError);
    expect(() => createSealer({ current: key, old: [randomBytes(16)] })).toThrow(RangeError);
  });

  test('fingerprints depend on key, purpose and value, and on where one ends', () => {
    const one = sealer.fingerprint('state', 'value');
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(sealer.fingerprint('state', 'value')).toBe(one);
    expect(sealer.fingerprint('token', 'value')).not.toBe(one);
    expect(sealer.fingerprint('statev', 'alue')).not.toBe(one);
    expect(createSealer({ current: randomBytes(32) }).fingerprint('state', 'value')).not.toBe(one);
  });
});
