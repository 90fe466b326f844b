import type { VendorTokens } from '../../../src/domain/capabilities/appointments.ts';
import type { RequestScope, VendorCallRecord } from '../../../src/domain/request.ts';
import type { TokenVault } from '../../../src/domain/store.ts';
import type { AccountReference } from '../../../src/domain/vendor.ts';
import { createTransport } from '../../../src/http/transport.ts';
import { myPatientPortal } from '../../../src/vendors/my-patient-portal/index.ts';
import { startSimulator } from '../../../src/vendors/my-patient-portal/sandbox.ts';
import { signInAsPatient } from '../../../src/vendors/my-patient-portal/sandbox-login.ts';
import { usualSwitches } from '../../../src/vendors/my-patient-portal/sandbox-state.ts';

/** A Monday evening in Berlin, two weeks before the clocks change: the next slots are tomorrow's. */
const monday = Date.parse('2026-03-16T17:00:00+01:00');

export const persons = {
  ana: { username: 'ana', password: 'ana-sandbox' },
  ben: { username: 'ben', password: 'ben-sandbox' },
};

/** A vault in memory with the promises of the real one: single flight per patient, newest tokens. */
export function createVault() {
  const entries = new Map<string, VendorTokens>();
  const flights = new Map<string, Promise<VendorTokens | undefined>>();
  const vault: TokenVault = {
    read: async (_vendor, patientId) => entries.get(patientId),
    write: async (_vendor, patientId, tokens) => {
      entries.set(patientId, tokens);
    },
    renew: async (_vendor, patientId, seen, _waitUntil, renew) => {
      const current = entries.get(patientId);
      if (!current || current.accessToken !== seen) {
        return current;
      }
      const flight =
        flights.get(patientId) ??
        renew(current)
          .then((renewed) => {
            if (renewed) {
              entries.set(patientId, renewed);
            } else {
              entries.delete(patientId);
            }
            return renewed;
          })
          .finally(() => flights.delete(patientId));
      flights.set(patientId, flight);
      return await flight;
    },
  };
  return { ...vault, entries };
}

/** A simulator, and the door in front of it as the gateway would make it. */
export async function startPortal(options: { environment?: Record<string, string> } = {}) {
  const time = { now: monday };
  const clock = () => time.now;
  const publicUrl = new URL('http://localhost:4000');
  const simulator = await startSimulator({ port: 0, publicUrl, clock });
  const vault = createVault();
  const door = createDoor({ ...simulator.environment, ...options.environment });
  const calls: VendorCallRecord[] = [];

  function createDoor(environment: Record<string, string>) {
    return myPatientPortal.create({
      id: 'MY_PATIENT_PORTAL',
      settings: myPatientPortal.environment.parse(environment),
      transport: (given) =>
        createTransport({ vendor: 'MY_PATIENT_PORTAL', clock, random: () => 0, ...given }),
      tokens: vault,
      publicUrl,
      clock,
    });
  }

  const scope = (milliseconds = 10_000): RequestScope => ({
    requestId: 'test',
    deadline: clock() + milliseconds,
    onVendorCall: (call) => calls.push(call),
  });

  /** Connects a person as the gateway would and returns their account. */
  async function connect(person: keyof typeof persons): Promise<AccountReference> {
    const { connection } = have(door);
    const { authorizationUrl, secrets } = await connection.begin(scope());
    const callback = await signInAsPatient(authorizationUrl, persons[person]);
    const grant = await connection.finish(scope(), new URL(callback), secrets);
    await vault.write('MY_PATIENT_PORTAL', person, grant.tokens);
    return { patientId: person, vendorPatientId: grant.vendorPatientId };
  }

  return {
    time,
    clock,
    simulator,
    vault,
    door: have(door),
    createDoor: (environment: Record<string, string>) =>
      have(createDoor({ ...simulator.environment, ...environment })),
    calls,
    scope,
    connect,
    /** As new, but for the appointments and what the door knows of discovery. */
    reset() {
      simulator.clear();
      Object.assign(simulator.switches, usualSwitches);
      vault.entries.clear();
      calls.length = 0;
      time.now = monday;
    },
    /** Paths of the resource and token calls since the last clearing. */
    sent: () => simulator.calls.map(({ method, path }) => `${method} ${path}`),
  };
}
export type Portal = Awaited<ReturnType<typeof startPortal>>;

function have(door: ReturnType<typeof myPatientPortal.create>) {
  const { connection, funnel, appointments, profile } = door;
  if (!connection || !funnel || !appointments || !profile) {
    throw new Error('a capability is absent');
  }
  return { ...door, connection, funnel, appointments, profile };
}
