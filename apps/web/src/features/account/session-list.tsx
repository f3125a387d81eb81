'use client';

import type { OutputOf, sessions } from '@foreshard/core/operations';
import type { ReactNode } from 'react';
import { Badge } from '../../components/ui/badge.tsx';
import { When } from '../../components/when.tsx';
import { browserText } from './browser-text.ts';

export type SessionRow = OutputOf<typeof sessions.list>['sessions'][number];

/** Who is signed in from where, and the button that ends it. */
export function SessionList({
  sessions: rows,
  nowMs,
  withPerson = false,
  orderOf,
}: {
  sessions: readonly SessionRow[];
  nowMs: number;
  withPerson?: boolean;
  orderOf(session: SessionRow): ReactNode;
}) {
  return (
    <ul className="border-line border-t">
      {rows.map((session) => (
        <li
          key={session.id}
          className="flex flex-wrap items-center justify-between gap-3 border-line border-b px-5 py-3 text-sm last:border-b-0"
        >
          <div className="min-w-0">
            <p className="flex flex-wrap items-center gap-2">
              <span className="break-all font-medium">
                {withPerson ? session.email : browserText(session.userAgent)}
              </span>
              {session.current ? <Badge tone="ok">this one</Badge> : null}
            </p>
            <p className="text-soft text-xs" title={session.userAgent}>
              {withPerson ? `${browserText(session.userAgent)}, ` : ''}from {session.address}
            </p>
            <p className="text-faint text-xs">
              seen <When ms={Date.parse(session.lastSeenAt)} nowMs={nowMs} />, began{' '}
              <When ms={Date.parse(session.createdAt)} nowMs={nowMs} />
            </p>
          </div>
          {orderOf(session)}
        </li>
      ))}
    </ul>
  );
}
