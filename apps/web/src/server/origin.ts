/**
 * Which requests are meant for this console. The Host header must name an address it is known by: a page
 * of another site can make its own name resolve to 127.0.0.1 (DNS rebinding), but not change that header.
 */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** `extra`: WEB_HOST and WEB_ALLOWED_HOSTS (comma-separated), for a console behind a proxy. */
export function isKnownHost(hostHeader: string | null, extra: readonly (string | undefined)[]): boolean {
  if (hostHeader === null) return false;
  const name = hostHeader.replace(/:\d+$/, '').toLowerCase();
  const known = extra.flatMap((list) => list?.split(',') ?? []).map((h) => h.trim().toLowerCase());
  return LOOPBACK.includes(name) || known.includes(name);
}

export function comesFromElsewhere(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return true;
  const origin = headers.get('origin');
  if (origin === null) return false;
  return !URL.canParse(origin) || new URL(origin).host !== headers.get('host');
}
