/**
 * The cookie of a session. Under TLS its name has the prefix `__Host-`, with which browsers take it from no other host
 * and over no other channel. On loopback it is named by the cluster, because cookies ignore ports: two consoles on one
 * machine would sign each other out.
 */
import { createHash } from 'node:crypto';

export interface CookieSettings {
  /** people reach the console through TLS */
  readonly tls: boolean;
  readonly databaseUrl: string;
}

const CLUSTER_CHARS = 8;

export function cookieName({ tls, databaseUrl }: CookieSettings): string {
  return tls ? '__Host-foreshard' : `foreshard-${clusterOf(databaseUrl)}`;
}

/** What a cluster is known by while nothing answers: where its database is. */
function clusterOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, CLUSTER_CHARS);
}

/** Without a lifetime: it goes with the browser, and the session has limits of its own. */
export function setCookie(
  settings: CookieSettings,
  name: string,
  value: string,
  maxAgeSeconds?: number,
): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${settings.tls ? '; Secure' : ''}${age}`;
}

export function readCookie(headers: Headers, name: string): string | undefined {
  for (const part of headers.get('cookie')?.split(';') ?? []) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
