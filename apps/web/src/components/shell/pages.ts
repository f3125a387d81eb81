import { mentions } from '@foreshard/core/access';
import {
  Activity,
  ArrowRightLeft,
  Bell,
  Blocks,
  BookOpen,
  CalendarClock,
  CircleUser,
  ClipboardList,
  Eye,
  Flame,
  FlaskConical,
  Gauge,
  Globe,
  Grid3x3,
  HeartPulse,
  Inbox,
  KeyRound,
  ListTree,
  Save,
  ScrollText,
  Server,
  SlidersHorizontal,
  Sparkles,
  TrendingUp,
  UserCog,
  Users,
  Waypoints,
} from 'lucide-react';
import type { Route } from 'next';
import { useAccount } from '../may-button.tsx';

export const GROUPS = ['Load', 'Data', 'Cluster', 'Access'] as const;

/** Every page there is; navigation, titles, shortcuts and the palette come from here. `key`: pressed after "g".
 * `needs`: nobody without this permission has anything to see there, so the navigation leaves it out. */
export const PAGES = [
  { href: '/' as Route, name: 'Overview', key: 'o', icon: Gauge, group: 'Load' },
  { href: '/heat' as Route, name: 'Heat map', key: 'm', icon: Flame, group: 'Load' },
  { href: '/hot' as Route, name: 'Hot shardlets', key: 't', icon: Activity, group: 'Load' },
  { href: '/map' as Route, name: 'Shard map', key: 'a', icon: Grid3x3, group: 'Load' },
  { href: '/forecasts' as Route, name: 'Forecasts', key: 'f', icon: TrendingUp, group: 'Load' },
  { href: '/anticipation' as Route, name: 'Anticipation', key: '1', icon: Sparkles, group: 'Load' },
  { href: '/hints' as Route, name: 'Hints', key: 'n', icon: CalendarClock, group: 'Load' },
  { href: '/demo' as Route, name: 'Watch it work', key: 'g', icon: Eye, group: 'Load' },
  { href: '/events' as Route, name: 'Events', key: 'e', icon: ScrollText, group: 'Data' },
  { href: '/consumers' as Route, name: 'Consumers', key: 'c', icon: Users, group: 'Data' },
  { href: '/checkpoints' as Route, name: 'Checkpoints', key: 'z', icon: Save, group: 'Data' },
  { href: '/streams' as Route, name: 'Streams', key: 's', icon: Waypoints, group: 'Data' },
  { href: '/shardlets' as Route, name: 'Shardlets', key: 'd', icon: Blocks, group: 'Data' },
  { href: '/recommendations' as Route, name: 'Recommendations', key: 'r', icon: Inbox, group: 'Cluster' },
  { href: '/what-if' as Route, name: 'What if', key: 'w', icon: FlaskConical, group: 'Cluster' },
  { href: '/migrations' as Route, name: 'Migrations', key: 'v', icon: ArrowRightLeft, group: 'Cluster' },
  { href: '/hosts' as Route, name: 'Hosts', key: 'h', icon: Server, group: 'Cluster' },
  { href: '/clusters' as Route, name: 'Other clusters', key: 'x', icon: Globe, group: 'Cluster' },
  { href: '/health' as Route, name: 'Health', key: 'l', icon: HeartPulse, group: 'Cluster' },
  { href: '/policies' as Route, name: 'Policy', key: 'p', icon: SlidersHorizontal, group: 'Cluster' },
  { href: '/notifications' as Route, name: 'Notifications', key: 'k', icon: Bell, group: 'Cluster' },
  { href: '/jobs' as Route, name: 'Jobs', key: 'j', icon: ListTree, group: 'Cluster' },
  { href: '/api-docs' as Route, name: 'API docs', key: 'i', icon: BookOpen, group: 'Cluster' },
  {
    href: '/users' as Route,
    name: 'Users & roles',
    key: 'u',
    icon: UserCog,
    group: 'Access',
    needs: 'users:manage',
  },
  {
    href: '/tokens' as Route,
    name: 'API tokens',
    key: 'y',
    icon: KeyRound,
    group: 'Access',
    needs: 'tokens:manage',
  },
  {
    href: '/audit' as Route,
    name: 'Audit',
    key: 'q',
    icon: ClipboardList,
    group: 'Access',
    needs: 'audit:read',
  },
  { href: '/account' as Route, name: 'Account', key: 'b', icon: CircleUser, group: 'Access' },
] as const satisfies readonly { group: (typeof GROUPS)[number]; [key: string]: unknown }[];

/** Those that show something to whom is here; all of them until that is known. */
export function usePages(): readonly (typeof PAGES)[number][] {
  const grants = useAccount().data?.grants;
  return PAGES.filter((page) => grants === undefined || !('needs' in page) || mentions(grants, page.needs));
}

export function pageAt(pathname: string) {
  return PAGES.find((page) => page.href === pathname);
}
