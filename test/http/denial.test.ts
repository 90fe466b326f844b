import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/http/denial.ts';

describe('V15: the JSON of a success', () => {
  it.each([
    { error: 'boom' },
    { error: { message: 'boom' } },
    { error: true, data: [] },
    { errors: ['boom'] },
    { errors: { email: ['taken'] } },
    { success: false, data: [] },
    { success: 'false', data: [] },
    { success: 0 },
    { result: false },
    { result: '0' },
    { status: 'error' },
    { status: 'Failed', data: {} },
    { code: 500 },
    { code: '404', data: null },
  ])('%j is none', (body) => {
    expect(isDenial(body)).toBe(true);
  });

  it.each([
    [null],
    ['error'],
    [false],
    [[]],
    [[{ error: 'of an entry' }]],
    [{}],
    [{ error: null, errors: [], data: [] }],
    [{ error: '', errors: {}, status: 'success' }],
    [{ error: 0, errors: 0, data: [] }],
    [{ error: '0', success: 1, result: 'true' }],
    [{ error: 'false', success: null }],
    [{ error: false, success: true, result: true, code: 200 }],
    [{ data: { error: 'of the record', status: 'failed' } }],
    [{ status: 'Active', code: 'clinic' }],
    [{ code: 400, data: { id: '67001' } }],
    [{ code: '4'.repeat(32) }],
    [{ status: '10' }],
  ])('%j is one', (body) => {
    expect(isDenial(body)).toBe(false);
  });
});
