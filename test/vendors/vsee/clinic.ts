import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { VendorTokens } from '../../../src/domain/capabilities/appointments.ts';
import type { ClinicVisits, Intake } from '../../../src/domain/capabilities/visits.ts';
import type { VendorError } from '../../../src/domain/errors.ts';
import type { Patient } from '../../../src/domain/records.ts';
import type { RequestScope } from '../../../src/domain/request.ts';
import type { TokenVault } from '../../../src/domain/store.ts';
import { createTransport } from '../../../src/http/transport.ts';
import { vsee } from '../../../src/vendors/vsee/index.ts';
import { startSimulator } from '../../../src/vendors/vsee/sandbox.ts';

/** A Wednesday, 08:00 in Los Angeles and 17:00 in Berlin. */
export const wednesday = Date.UTC(2026, 9, 14, 15, 0, 0);

export const seconds = (instant: Date | number) => Math.floor(Number(instant) / 1000);

/** The vault as the store keeps it, in memory. */
function createVault(): TokenVault & { readonly kept: Map<string, VendorTokens> } {
  const kept = new Map<string, VendorTokens>();
  const key = (vendor: string, patientId: string) => `${vendor} ${patientId}`;
  return {
    kept,
    read: async (vendor, patientId) => kept.get(key(vendor, patientId)),
    write: async (vendor, patientId, tokens) => {
      kept.set(key(vendor, patientId), tokens);
    },
    renew: async (vendor, patientId, seen, _waitUntil, renew) => {
      const current = kept.get(key(vendor, patientId));
      if (current === undefined || current.accessToken !== seen) {
        return current;
      }
      const renewed = await renew(current);
      if (renewed) {
        kept.set(key(vendor, patientId), renewed);
      } else {
        kept.delete(key(vendor, patientId));
      }
      return renewed;
    },
  };
}

export const ana: Patient = {
  id: '0b7e4a52-6a54-4f2e-9c0e-2f5a3c1d0a01',
  subject: null,
  createdAt: new Date(wednesday),
  firstName: 'Ana',
  lastName: 'Silva',
  birthDate: '1988-02-11',
  sex: 'FEMALE',
  email: 'ana.silva@example.com',
  phone: '5550104477',
  address: {
    street: '1 Sandbox Street',
    city: 'Los Angeles',
    state: 'CA',
    postalCode: '90012',
    country: 'US',
  },
};

export const ben: Patient = {
  ...ana,
  id: '0b7e4a52-6a54-4f2e-9c0e-2f5a3c1d0a02',
  firstName: 'Ben',
  lastName: 'Okafor',
  sex: 'MALE',
  email: 'ben.okafor@example.com',
};

export const emptyIntake: Intake = {
  reasonForVisit: null,
  location: null,
  phone: null,
  custom: {},
};

const anyValue = <Value>(value: Value | undefined): Value => {
  if (value === undefined) {
    throw new Error('missing in the test set-up');
  }
  return value;
};

/** The sandbox clinic, a door to it, and a clock that both go by. */
export async function openClinic(changes: Record<string, string | undefined> = {}) {
  const time = { now: wednesday };
  const clock = () => time.now;
  const simulator = await startSimulator({
    port: 0,
    publicUrl: new URL('http://localhost:4000'),
    clock,
  });
  onTestFinished(() => simulator.close());
  const environment = { ...simulator.environment, ...changes };
  const vault = createVault();
  const adapter = vsee.create({
    id: 'VSEE',
    settings: vsee.environment.parse(environment),
    transport: (options) => {
      const transport = createTransport({ ...options, vendor: 'VSEE', random: () => 0 });
      onTestFinished(() => transport.close?.());
      return transport;
    },
    tokens: vault,
    publicUrl: new URL('http://localhost:4000'),
    clock,
  });
  const visits: ClinicVisits = anyValue(adapter.visits);
  const scope = (): RequestScope => ({ requestId: 'test', deadline: Date.now() + 10_000 });
  /** Signs in and makes an intake, as every flow begins. */
  const begin = async (patient: Patient, roomCode: string, providerId: string | null = null) => {
    const session = await visits.signIn(scope(), patient);
    const request = { roomCode, providerId, kind: 'WALK_IN', intake: emptyIntake } as const;
    const intakeId = await visits.createIntake(scope(), session, request);
    return { session, place: { intakeId, roomCode, providerId } };
  };
  return {
    simulator,
    adapter,
    visits,
    vault,
    time,
    scope,
    begin,
    api: anyValue(environment.VSEE_API_URL),
    portal: anyValue(environment.VSEE_PORTAL_URL),
    /** The last call that the clinic got, without the headers that every client sends. */
    lastCall: () => {
      const call = anyValue(simulator.calls.at(-1));
      const credentials = Object.entries(call.headers).filter(([name]) => name.startsWith('x-'));
      return { ...call, headers: Object.fromEntries(credentials) };
    },
    paths: () => simulator.calls.map(({ method, path }) => `${method} ${path}`),
    /** A provider accepts (20), begins (25) or finishes (30) a visit. */
    asProvider: async (visitId: string, status: number) => {
      const url = `${simulator.origin}/vc/stable/_sandbox/visits/${visitId}/status`;
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ status }),
      });
      return answer.status;
    },
  };
}

/** Calls the clinic as any HTTP client would; `data` is the envelope's. */
export async function ask(
  base: string,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: unknown; form?: URLSearchParams } = {},
) {
  const answer = await fetch(`${base}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.form && { body: options.form }),
  });
  const text = await answer.text();
  const body = text.startsWith('{') ? z.looseObject({}).parse(JSON.parse(text)) : {};
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body,
    data: z.looseObject({}).catch({}).parse(body.data),
  };
}

/** The error that a call ends with. */
export const errorOf = (promise: Promise<unknown>): Promise<VendorError> =>
  promise.then(
    () => {
      throw new Error('no error');
    },
    (error: VendorError) => error,
  );
