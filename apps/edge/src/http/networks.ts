/** The networks that a token may be used from. */
import { BlockList } from 'node:net';

/** As far as a connection is asked: the address is looked up only where a token is limited. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
}

export type Networks = (peer: Peer) => boolean;

/** Undefined: any. An address of IPv4 in the clothes of IPv6 is one of IPv4. */
export function networksOf(cidrs: readonly string[]): Networks | undefined {
  if (cidrs.length === 0) return undefined;
  const list = listOf(cidrs);
  // a token is not to be open to all because this release cannot read where it is open to
  if (list === undefined) return () => false;
  return ({ remoteAddress }) =>
    remoteAddress !== undefined && list.check(remoteAddress, familyOf(remoteAddress));
}

function listOf(cidrs: readonly string[]): BlockList | undefined {
  const list = new BlockList();
  try {
    for (const cidr of cidrs) {
      const [address = '', bits = ''] = cidr.split('/');
      list.addSubnet(address, Number(bits), familyOf(address));
    }
  } catch {
    return undefined;
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
