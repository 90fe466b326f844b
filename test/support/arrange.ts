import { randomUUID } from 'node:crypto';
import type { MutationName } from '../../src/auth/rules.ts';
import type { TestGateway } from './gateway.ts';
import { mutate } from './mutations.ts';

/** What has to be there before a test begins, made through the gateway itself. */

/** A mutation that has to be done before. */
export async function before(
  gateway: TestGateway,
  name: MutationName,
  input: Record<string, unknown>,
  fields: string,
) {
  const { payload, text } = await mutate(gateway, name, input, fields);
  if (payload === null || payload.userErrors.length > 0) {
    throw new Error(`Could not be arranged: ${name}: ${text}`);
  }
  return payload;
}

/** A word for a name that nobody else in the sandbox has, nor a name that begins with it. */
export const uniqueName = () =>
  `Cell${randomUUID()
    .replaceAll('-', '')
    .replaceAll(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))}`;

/** Somebody new in the register. */
export async function newPatient(gateway: TestGateway): Promise<{ id: string; lastName: string }> {
  const lastName = uniqueName();
  const { patient } = await before(
    gateway,
    'registerPatient',
    {
      ...{ firstName: 'Stella', lastName, birthDate: '1990-05-06', sex: 'FEMALE' },
      ...{ email: `${lastName}@example.com`, phone: '+15550107100' },
    },
    'patient { id }',
  );
  return { id: patient.id, lastName };
}
