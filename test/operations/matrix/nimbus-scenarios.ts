import type { SandboxToken } from '../../../src/vendors/nimbus/sandbox-state.ts';
import { before, uniqueName } from '../../support/arrange.ts';
import { nimbusOf } from '../../support/asked-mutation.ts';
import type { TestGateway } from '../../support/gateway.ts';
import type { Scenario } from './scenario.ts';

const vendor = 'NIMBUS';

const newPerson = () => {
  const lastName = uniqueName();
  return {
    ...{ firstName: 'Stella', lastName, birthDate: '1990-05-06', sex: 'FEMALE' },
    ...{ email: `${lastName}@example.com`, phone: '+15550107100' },
    address: { street: '1 Road', city: 'Town', state: 'CA', postalCode: '90012' },
    ...{ heightFeet: 5, heightInches: 7, weightPounds: 150 },
  };
};

/** Somebody onboarded, with the token that they got. */
async function onboarded(gateway: TestGateway) {
  const person = newPerson();
  const { patient } = await before(gateway, 'onboardPatient', person, 'patient { id }');
  const { state } = nimbusOf(gateway);
  const user = state.findByEmail(person.email);
  const first = [...state.tokens.values()].find(({ userId }) => userId === user?.userId);
  if (user === undefined || first === undefined) {
    throw new Error('Nobody was onboarded.');
  }
  return { patientId: patient.id as string, user, first };
}

const activeTokens = (gateway: TestGateway, userId: number): SandboxToken[] =>
  [...nimbusOf(gateway).state.tokens.values()].filter(
    (token) => token.userId === userId && token.state === 'active',
  );

export const nimbusScenarios: readonly Scenario[] = [
  {
    title: 'onboardPatient',
    action: 'onboardPatient',
    vendor,
    noLookUp: true,
    async arrange(gateway) {
      const input = newPerson();
      const { state } = nimbusOf(gateway);
      return {
        input,
        effect: () =>
          [...state.users.values()].filter(({ person }) => person.email === input.email).length,
      };
    },
  },
  {
    title: 'enablePortalAccess',
    action: 'enablePortalAccess',
    vendor,
    async arrange(gateway) {
      const { patientId, user, first } = await onboarded(gateway);
      return {
        input: { patientId },
        // However often it was asked: one way in works, and it is not the old one.
        effect: () => activeTokens(gateway, user.userId).filter((token) => token !== first).length,
      };
    },
  },
  {
    title: 'revokePortalAccess',
    action: 'revokePortalAccess',
    vendor,
    async arrange(gateway) {
      const { patientId, user, first } = await onboarded(gateway);
      return {
        input: { patientId, reason: 'The phone was lost.' },
        effect: () =>
          first.state === 'revoked' && activeTokens(gateway, user.userId).length === 0 ? 1 : 0,
      };
    },
  },
  {
    title: 'createFollowUp',
    action: 'createFollowUp',
    vendor,
    noLookUp: true,
    async arrange(gateway) {
      const { patientId, user, first } = await onboarded(gateway);
      const { state } = nimbusOf(gateway);
      state.placeOrder(state.openPortal(first.value)?.session ?? '');
      return {
        input: { patientId, date: '2031-03-04' },
        effect: () => state.followUps.filter(({ user_id }) => user_id === user.userId).length,
      };
    },
  },
];
