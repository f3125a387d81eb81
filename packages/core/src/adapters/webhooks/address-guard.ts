/**
 * Which addresses a message may go to. People who may add a target must not reach what only this machine can reach:
 * loopback, private networks, the metadata service of a cloud. What is looked up is checked, and the very address that
 * was checked is connected to, so a name cannot answer one thing to the check and another to the connection.
 */
import { lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type NetworkMatcher, networksOf } from '../../access/index.ts';

export interface ClosedNetworks {
  readonly networks: readonly string[];
  /** said after the address */
  readonly why: string;
  /** of these nothing is ever open: where a machine asks its cloud who it is */
  readonly never?: readonly string[];
}

/** By RFC 6890 and its updates: everything that is not the public internet. */
const NOT_PUBLIC: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // link-local, with the metadata services of most clouds
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  // multicast, reserved, broadcast
  '224.0.0.0/3',
  // all that is not global unicast: loopback, unspecified, unique-local, link-local, multicast, and IPv4 in its clothes
  '::/3',
  '4000::/2',
  '8000::/1',
  // 6to4, Teredo and documentation carry other addresses, or nobody's
  '2002::/16',
  '2001::/23',
  '2001:db8::/32',
];

const MESSAGES: ClosedNetworks = {
  networks: NOT_PUBLIC,
  why: 'is not a public address: nothing is sent there unless FORESHARD_PRIVATE_NETWORKS names its network',
};

/** Link-local, and metadata services outside of it (Alibaba, Azure, Oracle, AWS, 169.254.0.0/16 behind NAT64). */
const METADATA = [
  ...['169.254.0.0/16', 'fe80::/10', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
  ...['fd00:ec2::/32', '64:ff9b::a9fe:0/112'],
];
const NEVER_WHY = 'is a link-local address or a metadata service, where no host can be';
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/**
 * For servers that people name: hosts, Prometheus, an identity provider. Those stand in private networks mostly, so any
 * will do until networks are named; then others that are not public are refused. This machine stays open, as a local
 * start has its hosts there.
 */
export function guardOfServers(named: readonly string[] | undefined): AddressGuard {
  return new AddressGuard([...(named ?? []), ...LOOPBACK], {
    networks: named === undefined ? [] : NOT_PUBLIC,
    why: 'is not a public address, and FORESHARD_PRIVATE_NETWORKS does not name its network',
    never: METADATA,
  });
}

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

export class AddressGuard {
  private readonly isClosed: NetworkMatcher;
  private readonly isOpen: NetworkMatcher;
  private readonly isNever: NetworkMatcher;
  private readonly why: string;

  /** @throws when one of the networks is none, such as 10.0.0.0/8 or fd00::/8 */
  constructor(allowedNetworks: readonly string[], { networks, why, never = [] }: ClosedNetworks = MESSAGES) {
    this.why = why;
    this.isClosed = networksOf(networks);
    this.isOpen = networksOf(allowedNetworks);
    this.isNever = networksOf(never);
  }

  /** Why nothing may be sent to an address (not a name); undefined: it may. */
  objectionTo(address: string): string | undefined {
    if (this.isNever(address)) return `${plainOf(address)} ${NEVER_WHY}`;
    if (this.isOpen(address) || !this.isClosed(address)) return undefined;
    return `${plainOf(address)} ${this.why}`;
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
}

/** In words: ::ffff:127.0.0.1 and ::ffff:7f00:1 are 127.0.0.1. */
function plainOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (dotted !== undefined) return dotted;
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (hex === null) return plain;
  const [high, low] = [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
