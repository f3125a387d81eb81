/** Addresses of hosts as people may see them. */
import { badInput } from '../failure.ts';

export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  return shown.href;
}

export function engineOf(url: string): 'redis' | 'postgres' {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (/^rediss?:$/.test(protocol)) return 'redis';
  if (/^postgres(ql)?:$/.test(protocol)) return 'postgres';
  throw badInput(`"${url}" is not the address of a host: it begins with redis:// or postgresql://`);
}
