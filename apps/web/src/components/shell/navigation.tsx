'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { LiveFrame } from '../../server/cluster/live-frame.ts';
import { cn } from '../class-names.ts';
import { useLive } from '../live/live-provider.tsx';
import { Mark } from './mark.tsx';
import { GROUPS, usePages } from './pages.ts';

/** The side bar, and the drawer of a narrow screen. */
export function Navigation({ cluster, onNavigate }: { cluster: string | null; onNavigate?: () => void }) {
  const pathname = usePathname();
  const pages = usePages();
  return (
    <div className="flex h-full flex-col">
      <Link
        href="/"
        {...(onNavigate === undefined ? {} : { onClick: onNavigate })}
        className="mx-3 mt-4 flex items-center gap-2.5 rounded-md px-2 py-1.5"
      >
        <Mark className="size-7" />
        <span className="grid min-w-0">
          <span className="text-md font-semibold tracking-tight">Foreshard</span>
          {cluster === null ? null : (
            <span title={`Cluster ${cluster}`} className="truncate text-faint text-xs">
              <span className="sr-only">Cluster </span>
              {cluster}
            </span>
          )}
        </span>
      </Link>
      <nav aria-label="Pages" className="mt-4 grid gap-4 overflow-y-auto px-3 pb-4">
        {GROUPS.map((group) => (
          <div key={group}>
            <p className="mb-1 px-2.5 font-medium text-2xs text-faint">{group}</p>
            <ul className="grid gap-0.5">
              {pages
                .filter((page) => page.group === group)
                .map(({ href, name, icon: Icon }) => (
                  <li key={href}>
                    <Link
                      href={href}
                      aria-current={pathname === href ? 'page' : undefined}
                      ref={pathname === href ? intoView : undefined}
                      {...(onNavigate === undefined ? {} : { onClick: onNavigate })}
                      className={cn(
                        'flex h-8 items-center gap-3 rounded-md px-2.5 font-medium text-sm transition-colors',
                        pathname === href
                          ? 'bg-accent-soft text-accent'
                          : 'text-soft hover:bg-hover hover:text-text',
                      )}
                    >
                      <Icon className="size-4" aria-hidden />
                      {name}
                    </Link>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </nav>
      <ClusterFacts />
    </div>
  );
}

/** The list is longer than some windows. */
function intoView(link: HTMLElement | null): void {
  link?.scrollIntoView({ block: 'nearest' });
}

/** Hosts that nobody has measured lately are not unreachable. */
function reachableText({ hostsReachable, hostsTotal, hostsUnmeasured }: LiveFrame): string {
  if (hostsUnmeasured === hostsTotal && hostsTotal > 0) return 'not known';
  return `${hostsReachable} of ${hostsTotal}`;
}

/** What every page depends on, always in sight. */
function ClusterFacts() {
  const { frame } = useLive();
  const edge = frame?.edge.kind ?? 'unknown';
  return (
    <dl className="tabular mt-auto grid grid-cols-[auto_1fr] gap-x-3 gap-y-1.5 border-line border-t px-5 py-4 text-xs">
      <dt className="text-faint">Edge</dt>
      <dd className="flex items-center justify-end gap-1.5 text-soft">
        <span
          aria-hidden
          className={cn(
            'size-2 rounded-full',
            edge === 'ready' ? 'bg-ok-mark' : edge === 'down' ? 'bg-bad-mark' : 'bg-line-strong',
          )}
        />
        {edge === 'ready' ? 'ready' : edge === 'down' ? 'down' : 'not known yet'}
      </dd>
      <dt className="text-faint">Hosts reachable</dt>
      <dd className="text-right text-soft">{frame === undefined ? '–' : reachableText(frame)}</dd>
      <dt className="text-faint">Map version</dt>
      <dd className="text-right font-mono text-soft">{frame?.mapVersion ?? '–'}</dd>
    </dl>
  );
}
