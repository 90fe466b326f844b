import { VendorError } from '../../../src/domain/errors.ts';
import { createTransport } from '../../../src/http/transport.ts';
import { scopeOf, writing } from './vendor.ts';

/** Calls each of the base URLs it is given, and prints what became of it. */

for (const address of process.argv.slice(2)) {
  const transport = createTransport({
    ...{ vendor: 'NIMBUS', baseUrl: new URL(address), concurrency: 1, attempts: 1 },
    timeouts: { read: 5_000, write: 5_000 },
  });
  const outcome = await transport.call(scopeOf(), writing()).then(
    () => 'ANSWERED',
    (error: unknown) => (error instanceof VendorError ? error.kind : String(error)),
  );
  await transport.close?.();
  process.stdout.write(`${outcome}\n`);
}
