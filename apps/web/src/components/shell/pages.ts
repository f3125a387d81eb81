import { Blocks, Flame, Gauge, Server, Waypoints } from 'lucide-react';
import type { Route } from 'next';

/** Every page there is; navigation, titles and shortcuts come from here. `key`: pressed after "g". */
export const PAGES = [
  { href: '/' as Route, name: 'Overview', key: 'o', icon: Gauge },
  { href: '/heat' as Route, name: 'Heat map', key: 'm', icon: Flame },
  { href: '/hosts' as Route, name: 'Hosts', key: 'h', icon: Server },
  { href: '/streams' as Route, name: 'Streams', key: 's', icon: Waypoints },
  { href: '/shardlets' as Route, name: 'Shardlets', key: 'd', icon: Blocks },
] as const;

export function pageAt(pathname: string) {
  return PAGES.find((page) => page.href === pathname);
}
