import { VendorError } from '../../src/domain/errors.ts';
import { reading, scopeOf, transportTo, writing } from '../http/support/vendor.ts';

/**
 * A process of its own for `vendor-faults-certificates.test.ts`, because Node reads the authorities it
 * trusts at its start: calls each of the addresses it is given in every way and says how that ended.
 */
const headers = { authorization: 'Bearer canary-credential' };
const kindOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: unknown) => (error instanceof VendorError ? [error.kind, error.mayHaveActed] : 'CRASH'),
  );

const ends: unknown[] = [];
for (const address of process.argv.slice(2)) {
  const baseUrl = new URL(address);
  const transport = transportTo(
    { baseUrl },
    { attempts: 1, timeouts: { read: 5000, write: 5000 } },
  );
  const send = transport.fetchFor(scopeOf(), 'oauth/token', 'write');
  ends.push([
    await kindOf(transport.call(scopeOf(), reading({ headers }))),
    await kindOf(transport.call(scopeOf(), writing({ headers }))),
    await kindOf(send(new URL('oauth/token', baseUrl).href, { method: 'POST', headers })),
  ]);
  await transport.close?.();
}
process.stdout.write(JSON.stringify(ends));
