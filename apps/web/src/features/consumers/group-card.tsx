'use client';

/** One group: its members, and the shardlets that are furthest behind. */
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { formatAgo } from '../../formatting/time.ts';
import type { GroupDetail } from '../../server/consumers/group-views.ts';

const SHARDLETS_SHOWN = 20;

export function GroupCard({ group, onClose }: { group: string; onClose(): void }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const detail = useQuery({
    ...trpc.consumers.detail.queryOptions({ group }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  return (
    <Card aria-labelledby="group-title">
      <CardHead id="group-title" title={group} hint={detail.data === undefined ? '' : hintOf(detail.data)}>
        <Button look="quiet" size="icon" aria-label="Close the group" onClick={onClose}>
          <X />
        </Button>
      </CardHead>
      {detail.data !== undefined ? (
        <div className="grid gap-6 px-5 pb-5 md:grid-cols-2">
          <Members detail={detail.data} nowMs={detail.data.nowMs} />
          <Behind detail={detail.data} />
        </div>
      ) : detail.error !== null ? (
        <Notice tone="bad" title="The group could not be read" why={detail.error.message} />
      ) : (
        <Loading className="mx-5 mb-5 h-40" />
      )}
    </Card>
  );
}

function hintOf({ stream, delivery, version, sessionMs }: GroupDetail): string {
  return `${delivery} from ${stream ?? 'a stream that was deleted'}, assignment ${version}, members are given up after ${sessionMs / 1_000} s of silence`;
}

function Members({ detail: { members }, nowMs }: { detail: GroupDetail; nowMs: number }) {
  return (
    <section aria-labelledby="members-title">
      <h3 id="members-title" className="mb-2 text-faint text-xs">
        Members
      </h3>
      {members.length === 0 ? <p className="text-soft text-sm">Nobody reads just now.</p> : null}
      <ul className="grid gap-1.5 text-sm">
        {members.map(({ id, seenAtMs, shardlets }) => (
          <li key={id} className="flex flex-wrap justify-between gap-x-4">
            <span className="min-w-0 truncate font-medium">{id}</span>
            <span className="text-soft">
              {formatCount(shardlets)} shardlets, seen {formatAgo(nowMs - seenAtMs)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Behind({ detail: { shardlets } }: { detail: GroupDetail }) {
  const furthest = [...shardlets]
    .sort((a, b) => (b.lag ?? 0) - (a.lag ?? 0) || a.shardlet - b.shardlet)
    .slice(0, SHARDLETS_SHOWN);
  return (
    <section aria-labelledby="behind-title">
      <h3 id="behind-title" className="mb-2 text-faint text-xs">
        Shardlets furthest behind
        {shardlets.length > furthest.length ? `, ${furthest.length} of ${formatCount(shardlets.length)}` : ''}
      </h3>
      <ul className="tabular grid gap-1.5 text-sm">
        {furthest.map(({ shardlet, member, seq, lag, revoking }) => (
          <li key={shardlet} className="grid grid-cols-[4rem_1fr_auto] gap-x-4">
            <span className="font-mono text-xs leading-5">{shardlet}</span>
            <span className="min-w-0 truncate text-soft">
              {member ?? 'nobody'}
              {revoking ? ', changes hands' : ''}
            </span>
            <span>
              {lag === null ? 'not known' : `${formatCount(lag)} behind`}
              <span className="text-faint"> at {formatCount(seq)}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
