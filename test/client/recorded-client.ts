import { createPorticoClient, type PorticoClientOptions } from '../../src/client/client.ts';
import type { ListeningGateway } from '../support/listening-gateway.ts';

/** What was asked of the gateway, and how many of the next answers get lost on their way back. */
export interface Recorded {
  /** Bodies, in order. */
  sent: {
    variables?: { input?: { idempotencyKey?: string } };
    query?: string;
    documentId?: string;
  }[];
  keys(): (string | undefined)[];
  /** The gateway does what it is asked, and nobody hears of it. */
  lose: number;
}

/** A client of a real gateway, over the network. */
export function recordedClient(
  gateway: ListeningGateway,
  options: Partial<PorticoClientOptions> = {},
) {
  const recorded: Recorded = {
    sent: [],
    lose: 0,
    keys: () => recorded.sent.map(({ variables }) => variables?.input?.idempotencyKey),
  };
  const client = createPorticoClient({
    endpoint: new URL('graphql', gateway.origin),
    token: () => gateway.token('staff'),
    async fetch(address, init) {
      recorded.sent.push(JSON.parse(String(init?.body)));
      const isLost = recorded.lose > 0;
      recorded.lose -= 1;
      const response = await fetch(address, init);
      if (isLost) {
        await response.text();
        throw new TypeError('fetch failed');
      }
      return response;
    },
    ...options,
  });
  return { client, recorded };
}
