import { describe, expect, it } from 'vitest';
import { nimbus } from '../../../src/vendors/nimbus/index.ts';
import {
  readFollowUpRefusal,
  readRefusal,
  readVerdict,
} from '../../../src/vendors/nimbus/refusals.ts';
import { openNimbus } from './open-nimbus.ts';

const invalid = (...fields: string[]) => ({
  message: 'The given data was invalid.',
  errors: Object.fromEntries(fields.map((field) => [field, ['The field is invalid.']])),
});

describe('a 422 of Nimbus', () => {
  it('names fields as callers know them', () => {
    const body = invalid(
      'first_name',
      'phone_number',
      'dob',
      'zip_code',
      'state',
      'weight',
      'email',
    );
    expect(readRefusal(422, body)).toEqual({
      kind: 'REJECTED',
      fields: [
        ['firstName'],
        ['phone'],
        ['birthDate'],
        ['address', 'postalCode'],
        ['address', 'state'],
        ['weightPounds'],
        ['email'],
      ],
    });
  });

  it('drops names that are no input of ours', () => {
    const body = invalid('user_id', 'constructor', '__proto__', 'address.0', 'Ana Silva');
    expect(readRefusal(422, body)).toEqual({ kind: 'REJECTED', fields: [['address', 'street']] });
  });

  it('about the pharmacy is a fault of ours', () => {
    expect(readRefusal(422, invalid('central_pharmacy_id', 'email'))).toEqual({
      kind: 'CREDENTIAL_REFUSED',
      reason: 'pharmacy_refused',
    });
  });

  it.each([undefined, null, 'text', [], {}, { errors: null }, { errors: ['x'] }].map((b) => [b]))(
    'may have any body: %j',
    (body) => {
      expect(readRefusal(422, body)).toMatchObject({ kind: 'REJECTED' });
    },
  );

  it('of a follow-up has one reason, as its 404 has', () => {
    const refused = { kind: 'REJECTED', reason: 'follow_up_refused' };
    expect(readFollowUpRefusal(422, invalid('followup_date'))).toEqual({
      ...refused,
      fields: [['date']],
    });
    expect(readFollowUpRefusal(404, { status: 'error' })).toMatchObject(refused);
    expect(readFollowUpRefusal(403, { status: 'error' })).toBeUndefined();
  });
});

describe('a verdict', () => {
  it.each([[{ status: 'error' }], [{ status: 'failed', errors: {} }], [{ status: null }]])(
    'is a refusal for %j',
    (body) => {
      expect(readVerdict(body)).toMatchObject({ kind: 'REJECTED' });
    },
  );

  it.each([
    [{ status: 'success' }],
    [{ status: 'Success' }],
    [{ status: ' SUCCESS' }],
    [{ message: 'no status' }],
    [[]],
    [null],
  ])('is none for %j', (body) => {
    expect(readVerdict(body)).toBeUndefined();
  });
});

describe('the door', () => {
  it('offers what it says it offers', async () => {
    const { door, onboarding, close } = await openNimbus();
    try {
      const { id, label, health, ...offered } = door;
      expect({ id, label, health: health() }).toEqual({
        id: 'NIMBUS',
        label: 'Nimbus',
        health: { state: 'AVAILABLE', retryAt: undefined },
      });
      expect(new Set(Object.keys(offered))).toEqual(new Set(nimbus.capabilities));
      expect(onboarding.treatmentTypes).toEqual(['Weight-loss', 'Hair-loss']);
    } finally {
      await close();
    }
  });
});
