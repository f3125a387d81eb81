/** The networks that a token may be used from, as edges judge them. */
import { BlockList } from 'node:net';

/** No networks: any. One that cannot be read opens nothing. */
export function isWithin(cidrs: readonly string[], address: string): boolean {
  if (cidrs.length === 0) return true;
  const list = new BlockList();
  try {
    for (const cidr of cidrs) {
      const [network = '', bits = ''] = cidr.split('/');
      list.addSubnet(network, Number(bits), familyOf(network));
    }
    return list.check(address, familyOf(address));
  } catch {
    return false;
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
