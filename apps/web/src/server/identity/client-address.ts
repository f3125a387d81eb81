/** Who is at the other end: for the list of sessions, the audit log and the throttle. */

const NOT_TOLD = '127.0.0.1';

/**
 * Each proxy appends the address it was called from, so the last ones are true, and what stands before them is what
 * the client says of itself. Without a proxy everybody is on this machine.
 */
export function clientAddress(headers: Headers, proxies: number): string {
  if (proxies === 0) return NOT_TOLD;
  const hops = headers.get('x-forwarded-for')?.split(',') ?? [];
  return hops.at(-Math.min(proxies, hops.length))?.trim() || NOT_TOLD;
}
