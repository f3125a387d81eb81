'use client';

/** One group: how fast it is, its members, why each shardlet is where it is, and its dead letters. */
import { overAllStates } from '@foreshard/core/checkpointing';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import Link from 'next/link';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { formatCount, formatCounted, formatRate } from '../../formatting/numbers.ts';
import { formatAgo, formatDuration } from '../../formatting/time.ts';
import type { GroupDetail, MembersWantedView } from '../../server/consumers/group-views.ts';
import { CatchUp, LagForecast, useClock } from './catch-up.tsx';
import { wantedWords, whyWords } from './group-words.ts';
import { Letters } from './letters.tsx';
import { RemoveGroup } from './remove-group.tsx';

const SHARDLETS_SHOWN = 20;
const WAITING_SHOWN = 10;
const MICROS_PER_MS = 1_000;

type Seen = GroupDetail & { readonly nowMs: number };

export function GroupCard({ group, onClose }: { group: string; onClose(): void }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const detail = useQuery({
    ...trpc.consumers.detail.queryOptions({ group }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
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
            <div className="grid gap-6 lg:grid-cols-2">
              <Members detail={data} />
              <Shardlets detail={data} />
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
function KeptState({ detail: { checkpointing, shardlets, name, nowMs } }: { detail: Seen }) {
  if (checkpointing === null) return null;
  const states = overAllStates(shardlets.flatMap(({ state }) => state ?? []));
  return (
    <section aria-labelledby="state-title">
      <h3 id="state-title" className="mb-2 text-faint text-xs">
        State of its members
      </h3>
      {states === undefined ? (
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

function Members({ detail: { members, nowMs } }: { detail: Seen }) {
  return (
    <section aria-labelledby="members-title">
      <h3 id="members-title" className="mb-2 text-faint text-xs">
        Members
      </h3>
      {members.length === 0 ? <p className="text-soft text-sm">Nobody reads just now.</p> : null}
      <ul className="grid gap-2.5 text-sm">
        {members.map(({ id, seenAtMs, shardlets, lag, load, oldestAt }) => (
          <li key={id} className="grid gap-x-4 sm:grid-cols-[minmax(0,1fr)_auto]">
            <span className="min-w-0 truncate font-medium" title={id}>
              {id}
            </span>
            <span className="text-soft">
              {formatCounted(shardlets, 'shardlet')}
              {load === null ? '' : `, ${formatRate(load)} events/s expected`}, seen{' '}
              {formatAgo(nowMs - seenAtMs)}
            </span>
            <span className="text-faint text-xs">
              {lag === null ? 'lag not known' : `${formatCount(lag)} behind`}
              {oldestAt === null ? null : (
                <>
                  , oldest uncommitted event of <When ms={oldestAt / MICROS_PER_MS} nowMs={nowMs} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Shardlets({ detail: { shardlets, waiting, waitingCount } }: { detail: Seen }) {
  const open = shardlets.filter(({ why, lag }) => why !== null || lag !== 0);
  const furthest = [...open]
    .sort((a, b) => (b.lag ?? 0) - (a.lag ?? 0) || a.shardlet - b.shardlet)
    .slice(0, SHARDLETS_SHOWN);
  return (
    <section aria-labelledby="behind-title">
      <h3 id="behind-title" className="mb-2 text-faint text-xs">
        Shardlets furthest behind
        {open.length > furthest.length ? `, ${furthest.length} of ${formatCount(open.length)}` : ''}
      </h3>
      {furthest.length === 0 ? <p className="text-soft text-sm">No shardlet is assigned.</p> : null}
      <ul className="tabular grid gap-2 text-sm">
        {furthest.map(({ shardlet, member, seq, lag, why }) => (
          <li key={shardlet} className="grid grid-cols-[4rem_minmax(0,1fr)_auto] gap-x-4">
            <span className="font-mono text-xs leading-5">{shardlet}</span>
            <span className="min-w-0 truncate text-soft">{member ?? 'nobody'}</span>
            <span>
              {lag === null ? 'not known' : `${formatCount(lag)} behind`}
              <span className="text-faint"> at {formatCount(seq)}</span>
            </span>
            <span className="col-span-2 col-start-2 text-faint text-xs">{whyWords(why)}</span>
          </li>
        ))}
        {waiting.slice(0, WAITING_SHOWN).map(({ shardlet, parents }) => (
          <li key={shardlet} className="grid grid-cols-[4rem_minmax(0,1fr)] gap-x-4">
            <span className="font-mono text-xs leading-5">{shardlet}</span>
            <span className="text-soft">{whyWords({ kind: 'waits', parents })}</span>
          </li>
        ))}
      </ul>
      {waitingCount > WAITING_SHOWN ? (
        <p className="mt-2 text-faint text-xs">
          {formatCount(waitingCount - WAITING_SHOWN)} more wait for their parents.
        </p>
      ) : null}
    </section>
  );
}
