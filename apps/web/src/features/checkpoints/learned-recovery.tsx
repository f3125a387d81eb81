'use client';

/** How fast the state of a group comes back, as it was learned, and the last recoveries. */
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes, formatCount, formatCounted } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import { provenWords, type Recoveries, restoreWords } from './recovery-words.ts';

const SHOWN = 5;

export function LearnedRecovery({ group }: { group: string }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const found = useQuery({
    ...trpc.operations.checkpoints.recoveries.queryOptions({ group, limit: SHOWN }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  return (
    <Card aria-labelledby="recoveries-title" className="overflow-hidden">
      <CardHead id="recoveries-title" title="Recoveries" hint="what estimates are made of" />
      {found.data === undefined && found.error !== null ? (
        <Unreadable
          title="Recoveries could not be read"
          error={found.error}
          onRetry={() => void found.refetch()}
        />
      ) : found.data === undefined ? (
        <Loading className="mx-5 mb-5 h-24" />
      ) : (
        <>
          {found.error === null ? null : (
            <p role="alert" className="px-5 pb-2 text-sm text-warn">
              Not refreshed: {found.error.message}
            </p>
          )}
          <Learned {...found.data} />
          <Last recoveries={found.data.recoveries} />
        </>
      )}
    </Card>
  );
}

function Learned({ restore, replay }: Recoveries) {
  return (
    <dl className="flex flex-wrap gap-x-10 gap-y-3 px-5 pb-4 text-sm">
      <Fact name="Restore">
        {restoreWords(restore)}
        <span className="block text-faint text-xs">{provenWords(restore)}</span>
      </Fact>
      <Fact name="Replay">
        {formatCount(Math.round(replay.eventsPerSecond))} events/s
        <span className="block text-faint text-xs">{provenWords(replay)}</span>
      </Fact>
    </dl>
  );
}

function Last({ recoveries }: Pick<Recoveries, 'recoveries'>) {
  const nowMs = Date.now();
  if (recoveries.length === 0)
    return (
      <p className="border-line border-t px-5 py-4 text-soft text-sm">
        No recovery was measured yet. Members report each one.
      </p>
    );
  return (
    <ul className="border-line border-t text-sm">
      {recoveries.map(
        ({ atMs, shardlet, restoreMs, bytes, replayedEvents, replayMs, fromLog, lostEvents }) => (
          <li
            key={`${atMs}-${shardlet}`}
            className="flex flex-wrap gap-x-4 gap-y-1 border-line border-b px-5 py-2.5 last:border-b-0"
          >
            <When ms={atMs} nowMs={nowMs} />
            <span className="font-mono text-xs">shardlet {shardlet}</span>
            <span className="text-soft">
              {fromLog ? 'no checkpoint' : `${formatBytes(bytes)} restored in ${formatDuration(restoreMs)}`},{' '}
              {formatCounted(replayedEvents, 'event')} replayed in {formatDuration(replayMs)}
            </span>
            {lostEvents === 0 ? null : (
              <span className="text-bad">{formatCounted(lostEvents, 'event')} lost</span>
            )}
          </li>
        ),
      )}
    </ul>
  );
}
