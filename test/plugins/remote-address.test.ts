import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressKey, remoteAddress } from '../../src/plugins/remote-address.ts';

const request = (peer: string | undefined, forwarded?: string | string[]) => ({
  req: {
    socket: { remoteAddress: peer },
    headers: { ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) },
  } as unknown as IncomingMessage,
});
const proxies = new BlockList();
proxies.addSubnet('10.0.0.0', 8, 'ipv4');
proxies.addAddress('2001:db8::5', 'ipv6');

describe('where a request comes from', () => {
  it.each([
    ['its connection', undefined, '192.0.2.1', undefined, '192.0.2.1'],
    [
      'its connection, as IPv4 where it came through IPv6',
      undefined,
      '::ffff:192.0.2.1',
      undefined,
      '192.0.2.1',
    ],
    [
      'its connection, whatever it says, while no proxy is trusted',
      undefined,
      '10.0.0.1',
      '203.0.113.9',
      '10.0.0.1',
    ],
    [
      'its connection, whatever it says, where that is no trusted proxy',
      proxies,
      '192.0.2.1',
      '203.0.113.9',
      '192.0.2.1',
    ],
    ['what a trusted proxy says', proxies, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['what a trusted proxy says, by IPv6', proxies, '2001:db8::5', '203.0.113.9', '203.0.113.9'],
    [
      'the last of what stands there: the rest is its client’s word',
      proxies,
      '10.0.0.1',
      '1.1.1.1, 203.0.113.9',
      '203.0.113.9',
    ],
    [
      'the first before a row of trusted proxies',
      proxies,
      '10.0.0.1',
      '1.1.1.1, 203.0.113.9, 10.1.1.1,10.2.2.2',
      '203.0.113.9',
    ],
    ['what it says with a port', proxies, '10.0.0.1', '203.0.113.9:54321', '203.0.113.9'],
    ['the same by IPv6', proxies, '10.0.0.1', '[2001:db8::9]:54321', '2001:db8::9'],
    ['the same in brackets alone', proxies, '10.0.0.1', '[2001:db8::9]', '2001:db8::9'],
    ['as IPv4, in whatever digits', proxies, '10.0.0.1', '::ffff:CB00:7109', '203.0.113.9'],
    ['not beyond a proxy in such digits', proxies, '::ffff:a00:1', '203.0.113.9', '203.0.113.9'],
    ['the proxy itself, where it says nothing', proxies, '10.0.0.1', undefined, '10.0.0.1'],
    [
      'the proxy itself, where it says nonsense',
      proxies,
      '10.0.0.1',
      '203.0.113.9, unknown',
      '10.0.0.1',
    ],
    [
      'the farthest proxy, where all are trusted',
      proxies,
      '10.0.0.1',
      '10.0.0.3, 10.0.0.2',
      '10.0.0.3',
    ],
  ])('is %s', (_name, trusted, peer, forwarded, expected) => {
    expect(remoteAddress(request(peer, forwarded), trusted)).toBe(expected);
  });

  it('is read from several headers as from one', () => {
    expect(remoteAddress(request('10.0.0.1', ['1.1.1.1', '203.0.113.9']), proxies)).toBe(
      '203.0.113.9',
    );
  });

  it('is unknown where there is no connection', () => {
    expect(remoteAddress({}, proxies)).toBeUndefined();
    expect(remoteAddress(request(undefined), proxies)).toBeUndefined();
  });
});

describe('what counts as one address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:7::1', '2001:db8:0:7'],
    ['2001:0db8:0000:0007:aaaa:bbbb:cccc:dddd', '2001:db8:0:7'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::', 'fe80:0:0:0'],
  ])('of %s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
