/**
 * Which addresses a message may go to. People who may add a target must not reach what only this machine can reach:
 * loopback, private networks, the metadata service of a cloud. What is looked up is checked, and the very address that
 * was checked is connected to, so a name cannot answer one thing to the check and another to the connection.
 */
import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

type Network = readonly [address: string, bits: number, family: 'ipv4' | 'ipv6'];

export interface ClosedNetworks {
  readonly networks: readonly Network[];
  /** said after the address */
  readonly why: string;
}

/** By RFC 6890 and its updates: everything that is not the public internet. */
const NOT_PUBLIC: readonly Network[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  // link-local, with the metadata services of most clouds
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  // multicast, reserved, broadcast
  ['224.0.0.0', 3, 'ipv4'],
  // all that is not global unicast: loopback, unspecified, unique-local, link-local, multicast, and IPv4 in its clothes
  ['::', 3, 'ipv6'],
  ['4000::', 2, 'ipv6'],
  ['8000::', 1, 'ipv6'],
  // 6to4, Teredo and documentation carry other addresses, or nobody's
  ['2002::', 16, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
];

const MESSAGES: ClosedNetworks = {
  networks: NOT_PUBLIC,
  why: 'is not a public address: nothing is sent there unless FORESHARD_WEBHOOK_NETWORKS names its network',
};

/** Hosts stand in private networks; nobody's host stands where a machine asks its cloud who it is. */
export const NO_HOST_THERE: ClosedNetworks = {
  networks: [
    ['169.254.0.0', 16, 'ipv4'],
    ['fe80::', 10, 'ipv6'],
    // metadata services outside of them: Alibaba, Azure, Oracle, AWS
    ['100.100.100.200', 32, 'ipv4'],
    ['168.63.129.16', 32, 'ipv4'],
    ['192.0.0.192', 32, 'ipv4'],
    ['fd00:ec2::', 32, 'ipv6'],
    // 169.254.0.0/16 behind NAT64
    ['64:ff9b::a9fe:0', 112, 'ipv6'],
  ],
  why: 'is a link-local address or a metadata service, where no host can be',
};

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

export class AddressGuard {
  private readonly closed = listsOf();
  private readonly open = listsOf();
  private readonly why: string;

  /** @throws when one of the networks is none, such as 10.0.0.0/8 or fd00::/8 */
  constructor(allowedNetworks: readonly string[], { networks, why }: ClosedNetworks = MESSAGES) {
    this.why = why;
    for (const [net, bits, family] of networks) this.closed[family].addSubnet(net, bits, family);
    for (const network of allowedNetworks) this.allow(network);
  }

  /** Why nothing may be sent to an address (not a name); undefined: it may. */
  objectionTo(address: string): string | undefined {
    const plain = withoutMapping(address);
    const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6';
    if (this.open[family].check(plain, family) || !this.closed[family].check(plain, family)) return undefined;
    return `${plain} ${this.why}`;
  }

  /** For a host as it stands in a URL, which has brought decimal and hexadecimal notations into the usual one. */
  objectionToHost(hostname: string): string | undefined {
    const host = hostname.replace(/^\[|\]$/g, '');
    return isIP(host) === 0 ? undefined : this.objectionTo(host);
  }

  /** In the place of `dns.lookup`: answers only addresses that may be connected to. */
  readonly lookup: LookupFunction = (hostname, options, answer) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return answer(error, '');
      const objections = found.map(({ address }) => this.objectionTo(address));
      const objection = objections.find((one) => one !== undefined);
      // one bad address among good ones is an attempt, or a mistake
      if (objection !== undefined || found.length === 0)
        return answer(new AddressRefused(`${hostname}: ${objection ?? 'it has no address'}`), '');
      if (options.all) return answer(null, found);
      const [{ address, family }] = found as [{ address: string; family: number }];
      answer(null, address, family);
    });
  };

  /** For a host as it stands in a URL, names too. A name that is not known now is none. */
  async objectionToAny(hostname: string): Promise<string | undefined> {
    const literal = this.objectionToHost(hostname);
    if (literal !== undefined) return literal;
    return new Promise((done) => {
      this.lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }, (error) =>
        done(error instanceof AddressRefused ? error.message : undefined),
      );
    });
  }

  private allow(network: string): void {
    const [address = '', bits = ''] = network.split('/');
    const version = isIP(address);
    const width = version === 4 ? 32 : 128;
    if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > width)
      throw new Error(`"${network}" is not a network such as 10.0.0.0/8 or fd00::/8`);
    const family = version === 4 ? 'ipv4' : 'ipv6';
    this.open[family].addSubnet(address, Number(bits), family);
  }
}

/** Apart, because a list takes every IPv4 address for one of IPv6 as well. */
function listsOf(): Readonly<Record<'ipv4' | 'ipv6', BlockList>> {
  return { ipv4: new BlockList(), ipv6: new BlockList() };
}

/** ::ffff:127.0.0.1 and ::ffff:7f00:1 are 127.0.0.1. */
function withoutMapping(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (dotted !== undefined) return dotted;
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (hex === null) return plain;
  const [high, low] = [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
