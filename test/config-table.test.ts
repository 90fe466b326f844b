import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { edgeVariables } from '../src/config/edge.ts';
import { telemetryVariables } from '../src/config/telemetry.ts';
import { doubtsAbout, readConfig } from '../src/config.ts';
import { registry } from '../src/vendors/registry.ts';

/** The README's table of variables, held against what is read. */

const [, chapter = ''] = readFileSync('README.md', 'utf8').split('\n## Configuration\n');
const cells = chapter.split('\n## ')[0]?.match(/^\| [^|]*`[A-Z][^|]*\|/gm) ?? [];
const named = cells.flatMap((cell) =>
  [...cell.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name = '']) => name),
);
/** `NAME` (default), also with more words behind the default. */
const defaults = cells.flatMap((cell) =>
  [...cell.matchAll(/`([A-Z][A-Z_]+)` \(`?([^`);]+)/g)].map(
    ([, name = '', value = '']) => [name, value] as const,
  ),
);

/** The least that production accepts, over the vendors whose variables have defaults. */
const production = {
  AUTH_ISSUER: 'https://id.example.com',
  AUTH_AUDIENCE: 'portico',
  VSEE_API_URL: 'https://api.vsee.example.com/api_v3/',
  VSEE_PORTAL_URL: 'https://vsee.example.com/',
  VSEE_ACCOUNT_CODE: 'clinic',
  VSEE_API_KEY: 'key',
  VSEE_API_SECRET: 'secret',
  MY_PATIENT_PORTAL_ISSUER: 'https://portal.example.com',
  MY_PATIENT_PORTAL_API_URL: 'https://portal.example.com/api/',
  MY_PATIENT_PORTAL_CLIENT_ID: 'client',
  MY_PATIENT_PORTAL_CLIENT_SECRET: 'secret',
};

describe('the README', () => {
  it('names variables that are read, and no others', () => {
    expect(named.length).toBeGreaterThan(70);
    const given = Object.fromEntries(named.map((name) => [name, 'something']));
    expect(doubtsAbout(given, named)).toEqual([]);
  });

  it('names every variable of the edge, of metrics and of vendors', () => {
    const known = [
      ...Object.keys(edgeVariables.shape),
      // OpenTelemetry's own are told of in a chapter of theirs.
      ...Object.keys(telemetryVariables.shape).filter((name) => !name.startsWith('OTEL_')),
      ...Object.values(registry).flatMap(({ environment }) =>
        // The table has one row for those of all vendors.
        Object.keys(environment.shape).filter(
          (name) => !/_(TIMEOUT_MS|CONCURRENCY|PER_SECOND)$/.test(name),
        ),
      ),
    ];
    expect(known.filter((name) => !named.includes(name))).toEqual([]);
  });

  it.each(defaults)('says of %s that it is %s where it is not set', (name, value) => {
    const asSaid = value.replace('$PORT', '4000');
    expect(readConfig({ ...production, [name]: asSaid }, 'production')).toEqual(
      readConfig(production, 'production'),
    );
  });

  it('says so of most of them', () => {
    expect(defaults.length).toBeGreaterThan(35);
  });
});
