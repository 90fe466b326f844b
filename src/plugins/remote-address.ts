import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP } from 'node:net';
import type { OperationInHand } from './request-state.ts';

/** What Node's adapter hands on of the connection; nothing where the server is asked in-process. */
export interface NodeContext {
  req?: IncomingMessage;
  /** Which of its request's operations this is the context of, see `useOperations`. */
  inHand?: OperationInHand;
}

/** IPv4 addresses that came through an IPv6 socket are what they were. */
const plain = (address: string) => address.trim().replace(/^::ffff:(?=\d+\.)/i, '');

const isIn = (list: BlockList, address: string) => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
};

/**
 * Where a request comes from. `x-forwarded-for` is believed as far as it was written by proxies that
 * are trusted: from its end, up to the first address that is none of them.
 * @returns undefined where there is no connection
 */
export function remoteAddress(
  { req }: NodeContext,
  trusted: BlockList | undefined,
): string | undefined {
  const peer = req?.socket.remoteAddress;
  if (peer === undefined) {
    return undefined;
  }
  const header = req?.headers['x-forwarded-for'];
  const told = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map(plain);
  let address = plain(peer);
  while (trusted !== undefined && isIn(trusted, address)) {
    const next = told.pop();
    if (next === undefined || isIP(next) === 0) {
      break;
    }
    address = next;
  }
  return address;
}

/** One household or host has a whole /64 of IPv6 addresses: those count as one. */
export const addressKey = (address: string) => {
  if (isIP(address) !== 6) {
    return address;
  }
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const missing =
    tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail ?? '').split(':')]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
};
