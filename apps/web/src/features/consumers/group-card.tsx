'use client';

/** One group: how fast it is, its members, why each shardlet is where it is, and its dead letters. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import Link from 'next/link';
import { parseAsInteger, parseAsString, useQueryStates } from 'nuqs';
import { useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { formatCount, formatCounted, formatRate } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { GroupDetail, MembersWantedView } from '../../server/consumers/group-views.ts';
import { CatchUp, LagForecast, useClock } from './catch-up.tsx';
import { GroupMembers } from './group-members.tsx';
import { GroupShardlets } from './group-shardlets.tsx';
import { wantedWords } from './group-words.ts';
import { Letters } from './letters.tsx';
import { refreshAfterMs } from './refresh.ts';
import { RemoveGroup } from './remove-group.tsx';

type Seen = GroupDetail & { readonly nowMs: number };

export function GroupCard({ group, onClose }: { group: string; onClose(): void }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const [{ member, behind }, set] = useQueryStates(
    { member: parseAsString, behind: parseAsInteger.withDefault(1) },
    { history: 'push' },
  );
  const detail = useQuery({
    ...trpc.consumers.detail.queryOptions({ group, member, page: Math.max(1, behind) }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (status === 'paused' ? false : refreshAfterMs(state.data)),
  });
  const { data } = detail;
  return (
    <>
      <Card aria-labelledby="group-title">
        <CardHead id="group-title" title={group} hint={data === undefined ? '' : hintOf(data)}>
          <div className="flex gap-2">
            {data === undefined || data.redriveOf !== null ? null : (
              <RemoveGroup group={group} stream={data.stream} onRemoved={onClose} />
            )}
            <Button look="quiet" size="icon" aria-label="Close the group" onClick={onClose}>
              <X />
            </Button>
          </div>
        </CardHead>
        {data !== undefined ? (
          <div className="grid gap-6 px-5 pb-5">
            <Progress detail={data} />
            <KeptState detail={data} />
            {detail.error === null ? null : (
              <p role="alert" className="text-sm text-warn">
                Not refreshed: {detail.error.message}
              </p>
            )}
            <div className="grid gap-6 lg:grid-cols-2">
              <GroupMembers
                {...data}
                chosen={member}
                onChoose={(id) => void set({ member: id, behind: null })}
              />
              <GroupShardlets
                {...data}
                member={member}
                outdated={detail.isPlaceholderData}
                onPage={(page) => void set({ behind: page === 1 ? null : page })}
              />
            </div>
          </div>
        ) : detail.error !== null ? (
          <Notice tone="bad" title="The group could not be read" why={detail.error.message} />
        ) : (
          <Loading className="mx-5 mb-5 h-40" />
        )}
      </Card>
      {data === undefined || data.redriveOf !== null ? null : <Letters group={data} />}
    </>
  );
}

function hintOf({ stream, delivery, version, sessionMs, order, redriveOf }: GroupDetail): string {
  const what = redriveOf === null ? '' : `internal: reads what is re-driven of ${redriveOf}; `;
  const merged = order === 'log' ? ', merged by time for each member' : '';
  return `${what}${delivery} from ${stream ?? 'a stream that was deleted'}${merged}, assignment ${version}, members are given up after ${sessionMs / 1_000} s of silence`;
}

function Progress({ detail: { lag, progress, members, membersWanted } }: { detail: Seen }) {
  const { processing, arriving, arrivalsFrom, catchUp, forecast } = progress;
  return (
    <div className="grid gap-x-8 gap-y-4 lg:grid-cols-[auto_minmax(0,1fr)] lg:items-end">
      <dl className="flex flex-wrap gap-x-8 gap-y-3 text-sm">
        <Fact name="Lag">{lag === null ? 'a host is away' : formatCounted(lag, 'event')}</Fact>
        <Fact name="Caught up">
          <CatchUp catchUp={catchUp} />
        </Fact>
        <Fact name="Processes, avg over 5 min">{rateText(processing, 'not measured yet')}</Fact>
        <Fact name={arrivalsFrom === null ? 'Arrives' : `Arrives, ${arrivalsFrom}`}>
          {rateText(arriving, 'unknown')}
        </Fact>
        {membersWanted === null ? null : (
          <Fact name="Members wanted">
            <Wanted wanted={membersWanted} members={members.length} />
          </Fact>
        )}
      </dl>
      <LagForecast forecast={forecast} />
    </div>
  );
}

function Wanted({ wanted, members }: { wanted: MembersWantedView; members: number }) {
  const { tone, text, tip } = wantedWords(wanted, members, useClock());
  return (
    <span title={tip} className={tone === 'warn' ? 'text-warn' : ''}>
      {text}
    </span>
  );
}

/** Of a group whose members keep state. */
function KeptState({ detail: { checkpointing, state: states, name, nowMs } }: { detail: Seen }) {
  if (checkpointing === null) return null;
  return (
    <section aria-labelledby="state-title">
      <h3 id="state-title" className="mb-2 text-faint text-xs">
        State of its members
      </h3>
      {states === null ? (
        <p className="text-soft text-sm">Not judged yet: a worker does that every 10 s.</p>
      ) : (
        <dl className="flex flex-wrap gap-x-8 gap-y-3 text-sm">
          <Fact name="Oldest checkpoint">
            {states.oldestCheckpointAt === null ? (
              'none yet'
            ) : (
              <When ms={states.oldestCheckpointAt} nowMs={nowMs} />
            )}
            {states.oldestCheckpointAt === null || states.withoutCheckpoint === 0
              ? ''
              : `, ${formatCounted(states.withoutCheckpoint, 'shardlet')} without`}
          </Fact>
          <Fact name="Recovery of a shardlet, at most">{formatDuration(states.recoveryMs)}</Fact>
          <Fact name="Events that arrive meanwhile, at most">
            {formatCount(Math.round(states.backlog))} of {formatCount(checkpointing.checkpoint_threshold)}{' '}
            allowed
          </Fact>
          <Fact name="Due now">{formatCounted(states.due, 'checkpoint')}</Fact>
          <Fact name="All of them">
            <Link
              className="text-accent hover:underline"
              href={`/checkpoints?group=${encodeURIComponent(name)}`}
            >
              Checkpoints
            </Link>
          </Fact>
        </dl>
      )}
    </section>
  );
}

function rateText(perSecond: number | null, unknown: string): string {
  return perSecond === null ? unknown : `${formatRate(perSecond)}/s`;
}
