/**
 * Is an address in one of these networks? The one place where CIDRs are judged: of tokens, and of what may be private.
 * An address of IPv4 in the clothes of IPv6 is one of IPv4, and is in no network of IPv6.
 */

export type NetworkMatcher = (address: string) => boolean;

interface Address {
  /** 32 or 128 */
  readonly width: number;
  readonly value: bigint;
}

interface Network extends Address {
  readonly bits: number;
}

const MAPPED_PREFIX = 0xffffn;
const V4_BITS = 32n;

/** @throws when one of them is no network, such as 10.0.0.0/8 or fd00::/8 */
export function networksOf(cidrs: readonly string[]): NetworkMatcher {
  const networks = cidrs.map(networkOf);
  return (text) => {
    const address = parsed(text);
    return address !== undefined && networks.some((network) => isWithin(address, network));
  };
}

/** Where a token may be used from; undefined: anywhere. One that cannot be read opens nothing. */
export function permittedNetworks(cidrs: readonly string[]): NetworkMatcher | undefined {
  if (cidrs.length === 0) return undefined;
  try {
    return networksOf(cidrs);
  } catch {
    // a token is not to be open to all because this release cannot read where it is open to
    return () => false;
  }
}

/** Is a token that is used from `inner` alone used from nowhere else than one of `outer`? An empty list is everywhere. */
export function isNetworkPart(inner: readonly string[], outer: readonly string[]): boolean {
  if (outer.length === 0) return true;
  try {
    const networks = outer.map(networkOf);
    const isPart = (one: Network) => networks.some((other) => other.bits <= one.bits && isWithin(one, other));
    return inner.length > 0 && inner.map(networkOf).every(isPart);
  } catch {
    return false;
  }
}

function networkOf(cidr: string): Network {
  const [text = '', bits = '', ...more] = cidr.split('/');
  const address = text.includes(':') ? v6(text) : v4(text);
  if (address === undefined || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > address.width)
    throw new Error(`"${cidr}" is not a network such as 10.0.0.0/8 or fd00::/8`);
  return { ...address, bits: Number(bits) };
}

function isWithin(address: Address, { width, value, bits }: Network): boolean {
  const rest = BigInt(width - bits);
  return address.width === width && address.value >> rest === value >> rest;
}

/** Undefined: a name, or nothing that is an address. */
function parsed(text: string): Address | undefined {
  if (!text.includes(':')) return v4(text);
  const address = v6(text.replace(/%.*$/, ''));
  if (address === undefined || address.value >> V4_BITS !== MAPPED_PREFIX) return address;
  return { width: 32, value: address.value & 0xffff_ffffn };
}

const OCTET = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

function v4(text: string): Address | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet))) return undefined;
  return { width: 32, value: octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n) };
}

const GROUPS = 8;

function v6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  // an address of IPv4 stands at the end alone
  if (halves.length === 2 && halves[0]!.includes('.')) return undefined;
  const [head, tail] = halves.map(groupsIn);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = GROUPS - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return { width: 128, value: groups.reduce((value, group) => (value << 16n) | group, 0n) };
}

/** The last may be an address of IPv4. */
function groupsIn(half: string): bigint[] | undefined {
  if (half === '') return [];
  const groups: bigint[] = [];
  const parts = half.split(':');
  for (const [index, part] of parts.entries()) {
    const dotted = index === parts.length - 1 && part.includes('.') ? v4(part) : undefined;
    if (dotted !== undefined) groups.push(dotted.value >> 16n, dotted.value & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}
