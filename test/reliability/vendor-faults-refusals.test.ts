import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVendor, type Vendor } from '../http/support/vendor.ts';
import { type Doors, openDoors, vendors } from './vendor-doors.ts';

/** reliability.md, V15: a vendor that says no, or that it broke, in an answer with status 200. */

/** Errors as these vendors, their siblings and their relatives word them. */
const bodies: [what: string, body: unknown][] = [
  ['status: error', { status: 'error', message: 'canary' }],
  ['status: error with refused fields', { status: 'error', errors: { email: ['canary'] } }],
  ['status: error beside null data', { status: 'error', message: 'canary', data: null }],
  ['result: false', { result: false, message: 'canary' }],
  ['success: false', { success: false, message: 'canary' }],
  ['success: false beside an empty list', { success: false, data: [], total_count: 0 }],
  ['an error object', { error: { type: 'fault', message: 'canary', code: 'internal' } }],
  ['an error object beside an empty list', { error: { message: 'canary' }, data: [] }],
  ['an error word', { error: 'slot_unavailable', message: 'canary' }],
  ['an error word beside null data', { error: 'server_error', data: null }],
  ['a list of errors', { errors: ['canary'], message: 'canary' }],
  ['a code', { code: 500, message: 'canary' }],
  ['a code beside null data', { code: 500, message: 'canary', data: null }],
];

describe.each(vendors)('V15: %s', (id, definition) => {
  let doors: Doors;
  let vendor: Vendor;
  let body: unknown;
  beforeAll(async () => {
    doors = await openDoors(id, definition);
    vendor = await startVendor((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  afterAll(async () => {
    await doors.close();
    await vendor.close();
  });

  it.each(bodies)('that answers 200 with %s has refused, whatever was asked', async (_, said) => {
    body = said;
    const ended = await doors.askAll(vendor.baseUrl.origin);
    expect(ended.map(({ operation }) => operation)).toEqual(doors.operations);
    const taken = ended.filter(({ error }) => error === undefined);
    expect(taken.map(({ operation, answer }) => [operation, answer])).toEqual([]);
    for (const { error, attempts, calls } of ended) {
      expect(error?.vendor).toBe(id);
      expect(['REJECTED', 'SERVER_ERROR', 'UNEXPECTED_SHAPE', 'CREDENTIAL_REFUSED']).toContain(
        error?.kind,
      );
      expect(JSON.stringify(error)).not.toContain('canary');
      // Nothing of it is a fault on the way: it is not asked again.
      expect(attempts).toBe(calls.length);
    }
  });
});
