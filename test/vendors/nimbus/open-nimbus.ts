import type { OnboardingRequest } from '../../../src/domain/capabilities/portal-access.ts';
import type { RequestScope, VendorCallRecord } from '../../../src/domain/request.ts';
import type { TokenVault } from '../../../src/domain/store.ts';
import { createTransport } from '../../../src/http/transport.ts';
import { nimbus } from '../../../src/vendors/nimbus/index.ts';
import { startSimulator } from '../../../src/vendors/nimbus/sandbox.ts';

const noTokens = {} as TokenVault;

/** The Nimbus door over real HTTP to its simulator, with a clock that tests may turn. */
export async function openNimbus(environment: Readonly<Record<string, string>> = {}) {
  const time = { now: Date.parse('2026-03-01T12:00:00Z') };
  const clock = () => time.now;
  const simulator = await startSimulator({
    port: 0,
    publicUrl: new URL('http://127.0.0.1:4000'),
    clock,
  });
  const transports: ReturnType<typeof createTransport>[] = [];
  const door = nimbus.create({
    id: 'NIMBUS',
    settings: nimbus.environment.parse({ ...simulator.environment, ...environment }),
    transport: (options) => {
      const transport = createTransport({ vendor: 'NIMBUS', ...options, random: () => 0 });
      transports.push(transport);
      return transport;
    },
    tokens: noTokens,
    publicUrl: new URL('http://127.0.0.1:4000'),
    clock,
  });
  const { onboarding, portalAccess, orders } = door;
  if (!onboarding || !portalAccess || !orders) {
    throw new Error('a capability is missing');
  }
  const vendorCalls: VendorCallRecord[] = [];
  const scope = (): RequestScope => ({
    requestId: 'test',
    deadline: Date.now() + 10_000,
    onVendorCall: (call) => vendorCalls.push(call),
  });
  return {
    door,
    onboarding,
    portalAccess,
    orders,
    simulator,
    scope,
    vendorCalls,
    time,
    account: (vendorPatientId: string) => ({ patientId: 'p', vendorPatientId }),
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close?.()));
      await simulator.close();
    },
  };
}

export type OpenNimbus = Awaited<ReturnType<typeof openNimbus>>;

/** Somebody whom the simulator does not know yet. */
export const newcomer = (
  changes: {
    person?: Partial<OnboardingRequest['person']>;
    address?: Partial<OnboardingRequest['address']>;
    request?: Partial<OnboardingRequest>;
  } = {},
): OnboardingRequest => ({
  person: {
    firstName: 'Pia',
    lastName: 'Novak',
    birthDate: '1990-05-06',
    sex: 'FEMALE',
    email: 'pia.novak@example.com',
    phone: '+15550104499',
    address: null,
    ...changes.person,
  },
  address: {
    street: '1 Sandbox Street',
    city: 'Los Angeles',
    state: 'CA',
    postalCode: '90012',
    ...changes.address,
  },
  heightFeet: 5,
  heightInches: 7,
  weightPounds: 170.5,
  treatmentType: 'Weight-loss',
  ...changes.request,
});
