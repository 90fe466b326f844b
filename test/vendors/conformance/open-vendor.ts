import { randomUUID } from 'node:crypto';
import type { VendorTokens } from '../../../src/domain/capabilities/appointments.ts';
import type { Patient } from '../../../src/domain/records.ts';
import type { RequestScope, VendorCallRecord } from '../../../src/domain/request.ts';
import type { TokenVault } from '../../../src/domain/store.ts';
import type { VendorAdapter, VendorId } from '../../../src/domain/vendor.ts';
import { createTransport } from '../../../src/http/transport.ts';
import { sandboxAddress, sandboxPeople } from '../../../src/sandbox/people.ts';
import type { Simulator } from '../../../src/sandbox/simulator.ts';
import { registry } from '../../../src/vendors/registry.ts';
import type { VendorDefinition } from '../../../src/vendors/vendor-definition.ts';

export const definitions = Object.entries(registry).map(
  ([id, definition]) => [id, definition as unknown as VendorDefinition] as const,
);

const publicUrl = new URL('http://localhost:4000/');

/** Ana Silva: the one whom every simulator knows. */
export const sandboxAna = () => {
  const [person] = sandboxPeople;
  if (person?.portalLogin === undefined) {
    throw new Error('The first of the sandbox’s people has every kind of account.');
  }
  return { ...person, portalLogin: person.portalLogin };
};

export function anaAsPatient(): Patient {
  const { firstName, lastName, birthDate, sex, email, phone } = sandboxAna();
  return {
    ...{ firstName, lastName, birthDate, sex, email, phone },
    address: sandboxAddress,
    id: randomUUID(),
    subject: null,
    createdAt: new Date(),
  };
}

function createVault() {
  const entries = new Map<string, VendorTokens>();
  const vault: TokenVault = {
    read: async (_vendor, patientId) => entries.get(patientId),
    write: async (_vendor, patientId, tokens) => void entries.set(patientId, tokens),
    renew: async (_vendor, patientId, seen, _waitUntil, renew) => {
      const current = entries.get(patientId);
      if (!current || current.accessToken !== seen) {
        return current;
      }
      const renewed = await renew(current);
      if (renewed) {
        entries.set(patientId, renewed);
      } else {
        entries.delete(patientId);
      }
      return renewed;
    },
  };
  return { ...vault, entries };
}

/** Milliseconds per attempt: enough for a simulator on a busy machine, short enough for a hang. */
const attemptTimeout = 5_000;

/** One vendor of the registry over its own simulator. */
export interface OpenVendor {
  readonly id: VendorId;
  readonly definition: VendorDefinition;
  readonly simulator: Simulator;
  readonly vault: ReturnType<typeof createVault>;
  /** Calls as the scopes were told of them. */
  readonly reported: VendorCallRecord[];
  scope(): RequestScope;
  /** A door as the gateway makes it, with breakers that know of nothing yet. */
  connect(
    changes?: Readonly<Record<string, string | undefined>>,
    clock?: () => number,
  ): VendorAdapter;
  /** Ends faults and forgets calls and reports. */
  forget(): void;
  close(): Promise<void>;
}

export async function openVendor(id: VendorId, definition: VendorDefinition): Promise<OpenVendor> {
  const startSimulator = await definition.sandbox();
  const simulator = await startSimulator({ port: 0, publicUrl, clock: Date.now });
  const vault = createVault();
  const reported: VendorCallRecord[] = [];
  const transports: ReturnType<typeof createTransport>[] = [];
  return {
    ...{ id, definition, simulator, vault, reported },
    scope: () => ({
      requestId: 'conformance',
      deadline: Date.now() + 15_000,
      onVendorCall: (call) => reported.push(call),
    }),
    connect(changes = {}, clock = Date.now) {
      const environment: Record<string, string | undefined> = {
        ...simulator.environment,
        [`${id}_TIMEOUT_MS`]: String(attemptTimeout),
        ...changes,
      };
      return definition.create({
        id,
        settings: definition.environment.parse(environment),
        transport: (options) => {
          const transport = createTransport({ ...options, vendor: id, random: () => 0, clock });
          transports.push(transport);
          return transport;
        },
        tokens: vault,
        publicUrl,
        clock,
      });
    },
    forget() {
      simulator.clear();
      reported.length = 0;
    },
    async close() {
      await Promise.all(transports.map((transport) => transport.close?.()));
      await simulator.close();
    },
  };
}
