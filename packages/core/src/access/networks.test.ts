import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networksOf, permittedNetworks } from './networks.ts';

describe('networks', () => {
  const isInside = networksOf(['10.0.0.0/8', 'fd00::/8', '192.0.2.7/32']);

  it.each([
    ...['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203', 'fd00::1', 'FD00::1', 'fd00::1%eth0', '192.0.2.7'],
  ])('hold %s', (address) => expect(isInside(address)).toBe(true));

  it.each(['11.0.0.1', '192.0.2.8', 'fe80::1', '::ffff:11.0.0.1', '', 'localhost', '10.1.2'])(
    'do not hold %j',
    (address) => expect(isInside(address)).toBe(false),
  );

  it('of IPv6 hold no address of IPv4', () => {
    expect(networksOf(['::/0'])('10.1.2.3')).toBe(false);
    expect(networksOf(['0.0.0.0/0'])('fd00::1')).toBe(false);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/129', 'x/8', '10.0.0.0/-1', ''])(
    'are not %j',
    (cidr) => expect(() => networksOf([cidr])).toThrow('is not a network'),
  );
});

it('a token is open to all without networks, and to nobody with one that cannot be read', () => {
  expect(permittedNetworks([])).toBeUndefined();
  expect(permittedNetworks(['10.0.0.0/8'])!('10.0.0.1')).toBe(true);
  expect(permittedNetworks(['10.0.0.0/8', 'of a later release'])!('10.0.0.1')).toBe(false);
});

it('judges as the network code of Node does', () => {
  const v4 = fc.ipV4();
  const v6 = fc.ipV6();
  const pairs = fc.oneof(
    fc.tuple(v4, v4, fc.integer({ min: 0, max: 32 })),
    fc.tuple(v6, v6, fc.integer({ min: 0, max: 128 })),
  );
  const known = (network: string, bits: number, address: string) => {
    const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    const list = new BlockList();
    list.addSubnet(network, bits, family);
    return list.check(address, family);
  };
  fc.assert(
    fc.property(pairs, ([network, address, bits]) => {
      const isMatched = networksOf([`${network}/${bits}`]);
      // of IPv6 the mapped ones are of IPv4 here
      fc.pre(!/^(0{0,4}:){0,5}:?ffff:/i.test(address) && !/^::\d/.test(address));
      expect(isMatched(address)).toBe(known(network, bits, address));
      expect(isMatched(network)).toBe(known(network, bits, network));
    }),
    { numRuns: 2_000 },
  );
});

it.each(['1:2:3:4:5:6:7:8:9', '1::2::3', ':1', '1:2:3', 'g::1', '1.2.3.4::', '::1.2.3', '::12345', ':::'])(
  '%j is no address',
  (address) => expect(networksOf(['::/0', '0.0.0.0/0'])(address)).toBe(false),
);
