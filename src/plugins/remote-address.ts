import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP } from 'node:net';
import type { OperationInHand } from './request-state.ts';

/** What Node's adapter hands on of the connection; nothing where the server is asked in-process. */
export interface NodeContext {
  req?: IncomingMessage;
  /** Which of its request's operations this is the context of, see `useOperations`. */
  inHand?: OperationInHand;
}

/** IPv4 addresses that came through an IPv6 socket are what they were, however they are written. */
function plain(address: string): string {
  const text = address.trim();
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(text) ?? [];
  if (high === undefined || low === undefined) {
    return text.replace(/^::ffff:(?=\d+\.)/i, '');
  }
  return [high, low]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [Math.floor(group / 256), group % 256])
    .join('.');
}

/** Some proxies write the client's port as well. */
const withoutPort = (address: string) =>
  address.trim().replace(/^(?:\[(.+)\]|([\d.]+))(?::\d{1,5})?$/, '$1$2');

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
  const told = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((address) => plain(withoutPort(address)));
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
