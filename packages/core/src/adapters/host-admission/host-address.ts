/**
 * Which addresses may be tried as a host. Whoever may add hosts makes the edge connect somewhere: not to what only the
 * machine itself should reach, and not with settings that lead the client elsewhere (`host=`) or into the server
 * (`options=`).
 */
import { ADDRESS_STARTS, engineOf, HOST_ENGINES } from '../../hosts/index.ts';
import { type AddressGuard, guardOfServers } from '../webhooks/index.ts';

/** Where no networks are named. */
const ANY_NETWORK = guardOfServers(undefined);

/** Cause and cure; undefined: it may be tried. */
export async function objectionToHostAddress(
  url: string,
  guard: AddressGuard = ANY_NETWORK,
): Promise<string | undefined> {
  return objectionToForm(url) ?? (await objectionToPlace(url, guard));
}

/** What can be said without asking a name server. */
export function objectionToForm(url: string): string | undefined {
  const engine = engineOf(url);
  if (engine === undefined) return `an address of a host is needed: it begins with ${ADDRESS_STARTS}`;
  const { hostname, searchParams } = new URL(url);
  // a folder with a socket, or the client's own idea of where to go
  if (hostname === '' || /%2f/i.test(hostname))
    return 'the address names no machine: give its name or number';
  const known = HOST_ENGINES[engine].addressParameters;
  const unknown = [...searchParams.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  return `the parameter "${unknown}" is not allowed in the address of a host: leave it out (allowed: ${known.join(', ')})`;
}

async function objectionToPlace(url: string, guard: AddressGuard): Promise<string | undefined> {
  const objection = await guard.objectionToAny(dotted(new URL(url).hostname));
  return objection && `${objection}: give the address of the server itself`;
}

/** Of these schemes URL leaves 2852039166 and 0xa9fea9fe as they are, and the system takes them for 169.254.169.254. */
function dotted(hostname: string): string {
  const asHttp = `http://${hostname}/`;
  return URL.canParse(asHttp) ? new URL(asHttp).hostname : hostname;
}
