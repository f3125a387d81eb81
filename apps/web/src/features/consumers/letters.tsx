'use client';

/** The dead letters of a group: what failed and why, to be given again or marked as done with. */
import { deadLetters, requestOf } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useState } from 'react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { edgeCurl, NO_EDGE } from '../../components/edge-curl.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { useObstacleTo } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway } from '../../components/take-away.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import type { GroupDetail } from '../../server/consumers/group-views.ts';
import { letterCounts } from './group-words.ts';
import { LetterDetail } from './letter-detail.tsx';
import { LetterOrders } from './letter-orders.tsx';
import { LetterTable } from './letter-table.tsx';

const STATES = ['dead', 'redriven', 'discarded', 'any'] as const;
const STATE_WORDS = { dead: 'Dead', redriven: 'Re-driven', discarded: 'Discarded', any: 'All' } as const;
const SHOWN = 100;

export function Letters({ group }: { group: GroupDetail }) {
  const on = { group: group.name, stream: group.stream };
  const obstacle = useObstacleTo(deadLetters.list, on);
  return (
    <Card aria-labelledby="letters-title" className="overflow-hidden">
      {obstacle === undefined ? (
        <List group={group} />
      ) : (
        <>
          <CardHead id="letters-title" title="Dead letters" />
          <Notice title="Not for your role" why={`${obstacle} to see them: reasons may quote payloads.`} />
        </>
      )}
    </Card>
  );
}

function List({ group: { name: group, stream, deadLetters: kept } }: { group: GroupDetail }) {
  const trpc = useTRPC();
  const { status, frame } = useLive();
  const [{ letters: state, letter: open }, set] = useQueryStates(
    { letters: parseAsStringLiteral(STATES).withDefault('dead'), letter: parseAsString },
    { history: 'push' },
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const input = { group, state, limit: SHOWN };
  const list = useQuery({
    ...trpc.operations.deadLetters.list.queryOptions(input),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const rows = list.data?.letters ?? [];
  const selected = rows.filter(({ letter }) => chosen.has(letter)).map(({ letter }) => letter);
  return (
    <>
      <CardHead
        id="letters-title"
        title="Dead letters"
        hint={
          list.data === undefined
            ? 'events that this group could not process'
            : letterCounts(list.data.counts)
        }
      >
        <div className="flex flex-wrap items-center gap-2">
          <Segmented
            label="Which letters"
            value={state}
            choices={STATES.map((one) => [one, STATE_WORDS[one]] as const)}
            onChange={(next) => {
              setChosen(new Set());
              void set({ letters: next, letter: null });
            }}
          />
          <TakeAway
            name={`dead-letters-${group}`}
            rows={rows as unknown as readonly Record<string, unknown>[]}
            curl={() => edgeCurl(frame?.edgeUrl ?? NO_EDGE, requestOf(deadLetters.list, input))}
          />
        </div>
      </CardHead>
      {list.data === undefined && list.error !== null ? (
        <Unreadable
          title="The dead letters could not be read"
          error={list.error}
          onRetry={() => void list.refetch()}
        />
      ) : list.data === undefined ? (
        <Loading className="mx-5 mb-5 h-28" />
      ) : (
        <>
          {list.error === null ? null : (
            <p role="alert" className="px-5 pb-2 text-sm text-warn">
              Not refreshed: {list.error.message}
            </p>
          )}
          <LetterOrders
            on={{ group, stream }}
            counts={list.data.counts}
            state={state}
            selected={selected}
            onDone={() => setChosen(new Set())}
          />
          {rows.length === 0 ? (
            <None state={state} ever={kept !== null} />
          ) : (
            <LetterTable
              rows={rows}
              chosen={chosen}
              open={open}
              onChoose={setChosen}
              onOpen={(letter) => void set({ letter })}
            />
          )}
          {list.data.more || list.data.omitted > 0 ? (
            <p className="border-line border-t px-5 py-3 text-faint text-xs">
              The newest {formatCount(rows.length)} are shown. “All” orders reach the others too.
            </p>
          ) : null}
          {open === null ? null : (
            <LetterDetail group={group} letter={open} onClose={() => void set({ letter: null })} />
          )}
        </>
      )}
    </>
  );
}

function None({ state, ever }: { state: (typeof STATES)[number]; ever: boolean }) {
  return (
    <p className="border-line border-t px-5 py-8 text-center text-soft text-sm">
      {state === 'dead' || state === 'any'
        ? ever
          ? 'No event waits here: the group has processed everything, or it was decided about.'
          : 'No event has failed for good. A member that gives one up puts it here and goes on.'
        : `No letter is ${STATE_WORDS[state].toLowerCase()}.`}
    </p>
  );
}
