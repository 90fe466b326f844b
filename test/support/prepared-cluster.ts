import { openCluster } from '../../src/store/embedded-cluster.ts';

/** Has the empty database made that is kept from then on, so that no test takes the time. */
export async function setup() {
  await (await openCluster(undefined)).close();
}
