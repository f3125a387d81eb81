/** Addresses of hosts: which engine answers there, and how people may see them. */

/** Undefined: no engine that can be a host. */
export function engineOf(url: string): 'redis' | 'postgres' | undefined {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (/^rediss?:$/.test(protocol)) return 'redis';
  if (/^postgres(ql)?:$/.test(protocol)) return 'postgres';
  return undefined;
}

export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  return shown.href;
}

/** Without user, password and options; null for what is no address. */
export function addressOf(url: string): string | null {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return null;
  }
}
