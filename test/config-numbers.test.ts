import { describe, expect, it } from 'vitest';
import { type Environment, readConfig, surveyConfig } from '../src/config.ts';

const cerbo = {
  CERBO_URL: 'https://cerbo.example.com/api/v1',
  CERBO_USERNAME: 'pk_clinic',
  CERBO_PASSWORD: 'cerbo-password',
};

const problemsOf = (environment: Environment) =>
  surveyConfig({ ...cerbo, ...environment }, 'sandbox').problems.map(({ text }) => text);

describe('a number', () => {
  it.each([
    ['PORT', 'abc', 'must be a whole number'],
    ['PORT', '65536', 'must be at most 65535'],
    ['REQUEST_TIMEOUT_MS', '30s', 'must be a whole number of milliseconds'],
    ['REQUEST_TIMEOUT_MS', '30', 'must be at least 100 milliseconds'],
    ['EVENT_LOOP_LAG_MS', '0', 'must be at least 1 millisecond'],
    ['REQUEST_MAX_BYTES', '1e6', 'must be a whole number of bytes'],
    ['LEDGER_DAYS', '1y', 'must be a number of days'],
    ['AUDIT_DAYS', '99999', 'must be at most 36500 days'],
    ['METRICS_PORT', '0x10', 'must be a whole number'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '1_000', 'must be a whole number'],
  ])('%s=%s is told what it must be', (name, value, text) => {
    expect(problemsOf({ [name]: value })).toEqual([`${name} ${text}`]);
  });

  it.each(['0x10', '1e3', ' 40 ', '40 ', '+40', '40.', 'Infinity', '4٠'])(
    'is none as %j: decimal digits only',
    (text) => {
      for (const name of [
        'PORT',
        'CERBO_CONCURRENCY',
        'QUERY_MAX_DEPTH',
        'SUBSCRIPTIONS_PER_CALLER',
      ]) {
        expect(problemsOf({ [name]: text })).toEqual([`${name} must be a whole number`]);
      }
      expect(problemsOf({ CERBO_PER_SECOND: text })).toEqual(['CERBO_PER_SECOND must be a number']);
    },
  );

  it('may have a fraction where a part of one makes sense', () => {
    const { ledgerDays, vendors } = readConfig(
      { ...cerbo, LEDGER_DAYS: '45.5', CERBO_PER_SECOND: '0.5' },
      'sandbox',
    );
    expect(ledgerDays).toBe(45.5);
    expect(vendors.CERBO).toMatchObject({ CERBO_PER_SECOND: 0.5 });
  });

  it.each([
    [{}, 30_000],
    [{ REQUEST_TIMEOUT_MS: '20000' }, 30_000],
    // As long as it waits for a call itself, the vendor may be at it.
    [{ REQUEST_TIMEOUT_MS: '60000' }, 60_000],
    [{ REQUEST_TIMEOUT_MS: '60000', RECONCILE_AFTER_MS: '45000' }, 45_000],
  ])('with %o a lost write is settled as not done after %i ms', (given, expected) => {
    const identity = { AUTH_ISSUER: 'https://id.example.com', AUTH_AUDIENCE: 'portico' };
    const { reconcileAfter } = readConfig({ ...cerbo, ...identity, ...given }, 'production');
    expect(reconcileAfter).toBe(expected);
  });
});
