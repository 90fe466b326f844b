import type { RequestScope, VendorCallRecord } from '../../../src/domain/request.ts';
import type { TokenVault } from '../../../src/domain/store.ts';
import type { VendorAdapter } from '../../../src/domain/vendor.ts';
import { createTransport } from '../../../src/http/transport.ts';
import { cerbo } from '../../../src/vendors/cerbo/index.ts';
import { startSimulator as startCerbo } from '../../../src/vendors/cerbo/sandbox.ts';
import { mdHq } from '../../../src/vendors/md-hq/index.ts';
import { startSimulator as startMdHq } from '../../../src/vendors/md-hq/sandbox.ts';
import type { VendorParts } from '../../../src/vendors/vendor-definition.ts';

type Environment = Readonly<Record<string, string>>;

/** The two doors; `firstId` is Ana's. */
export const vendors = {
  CERBO: {
    firstId: 221,
    start: startCerbo,
    create: (environment: Environment, parts: Omit<VendorParts<unknown>, 'settings'>) =>
      cerbo.create({ ...parts, settings: cerbo.environment.parse(environment) }),
  },
  MD_HQ: {
    firstId: 1221,
    start: startMdHq,
    create: (environment: Environment, parts: Omit<VendorParts<unknown>, 'settings'>) =>
      mdHq.create({ ...parts, settings: mdHq.environment.parse(environment) }),
  },
};
export const vendorIds = ['CERBO', 'MD_HQ'] as const;

/** A door over real HTTP to its simulator. */
export async function openPortal(id: keyof typeof vendors, environment: Environment = {}) {
  const vendor = vendors[id];
  const publicUrl = new URL('http://127.0.0.1:4000');
  const clock = () => Date.parse('2026-03-10T12:00:00Z');
  const simulator = await vendor.start({ port: 0, publicUrl, clock });
  const transports: ReturnType<typeof createTransport>[] = [];
  const door: VendorAdapter = vendor.create(
    { ...simulator.environment, ...environment },
    {
      id,
      transport: (options) => {
        const transport = createTransport({ vendor: id, ...options, random: () => 0 });
        transports.push(transport);
        return transport;
      },
      tokens: {} as TokenVault,
      publicUrl,
      clock,
    },
  );
  const { profile, portalRequests, invitations, directory } = door;
  if (!profile || !portalRequests || !invitations || !directory) {
    throw new Error('a capability is missing');
  }
  const vendorCalls: VendorCallRecord[] = [];
  const scope = (): RequestScope => ({
    requestId: 'test',
    deadline: Date.now() + 10_000,
    onVendorCall: (call) => vendorCalls.push(call),
  });
  const person = (index: number) => ({
    patientId: `patient-${index}`,
    vendorPatientId: String(vendor.firstId + index),
  });
  return {
    door,
    profile,
    portalRequests,
    invitations,
    directory,
    simulator,
    scope,
    vendorCalls,
    firstId: vendor.firstId,
    person,
    ana: person(0),
    ben: person(1),
    emi: person(4),
    nobody: { patientId: 'nobody', vendorPatientId: '999999' },
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close?.()));
      await simulator.close();
    },
  };
}

export type OpenPortal = Awaited<ReturnType<typeof openPortal>>;
