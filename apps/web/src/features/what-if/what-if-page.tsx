'use client';

/** Changes that are only supposed, what they would do to every host, and what the planner would then recommend. */
import type { WhatIfChange } from '@foreshard/core/advising';
import { requestOf, whatIf } from '@foreshard/core/operations';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { FlaskConical, X } from 'lucide-react';
import { useQueryState } from 'nuqs';
import { useTRPC } from '../../components/api.ts';
import { edgeCurl, NO_EDGE } from '../../components/edge-curl.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { copy, Item, TakeAwayMenu, trpcCurl } from '../../components/take-away.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { AddChange } from './add-change.tsx';
import { changeText, type Names } from './change-text.ts';
import { HostOutcomes } from './host-outcomes.tsx';
import { SupposedPlan } from './supposed-plan.tsx';
import { changesParser } from './what-if-address.ts';

const NO_NAMES: Names = { hosts: [], streams: [] };

export function WhatIfPage() {
  const trpc = useTRPC();
  const [changes, setChanges] = useQueryState('suppose', changesParser);
  const { data: names = NO_NAMES } = useQuery(trpc.whatIf.names.queryOptions());
  const answer = useQuery({
    ...trpc.whatIf.ask.queryOptions({ changes }),
    enabled: changes.length > 0,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const edgeUrl = useLive().frame?.edgeUrl ?? NO_EDGE;
  const set = (next: readonly WhatIfChange[]) =>
    void setChanges(next.length === 0 ? null : [...next], { history: 'push' });
  return (
    <div className="grid gap-5">
      <Card aria-labelledby="suppose-title">
        <CardHead
          id="suppose-title"
          title="Suppose that"
          hint="nothing is changed: it is simulated on the cluster as it is now, with its forecasts"
        >
          {changes.length === 0 ? null : (
            <TakeAwayMenu>
              <Item onSelect={() => void copy(edgeCurl(edgeUrl, requestOf(whatIf.ask, { changes })))}>
                Copy as curl
              </Item>
              <Item onSelect={() => void copy(trpcCurl('whatIf.ask', { changes }))}>
                Copy the console's call
              </Item>
            </TakeAwayMenu>
          )}
        </CardHead>
        <div className="grid gap-4 border-line border-t px-5 py-4">
          {changes.length === 0 ? null : (
            <ol aria-label="Supposed changes" className="flex flex-wrap gap-2">
              {changes.map((change, i) => (
                <li
                  // biome-ignore lint/suspicious/noArrayIndexKey: the same change may stand here twice
                  key={i}
                  className="flex items-center gap-1 rounded-full bg-accent-soft py-1 pr-1 pl-3 text-accent text-sm"
                >
                  {changeText(change, names)}
                  <Button
                    look="quiet"
                    size="icon"
                    className="size-6 rounded-full"
                    aria-label={`Do not suppose: ${changeText(change, names)}`}
                    onClick={() => set(changes.toSpliced(i, 1))}
                  >
                    <X />
                  </Button>
                </li>
              ))}
            </ol>
          )}
          <AddChange names={names} onAdd={(change) => set([...changes, change])} />
        </div>
      </Card>
      {changes.length === 0 ? (
        <Card>
          <Notice
            title="Nothing is supposed yet"
            why="Add a change above: a host that is lost, twice the load, a move you think of. You see every host before and after it, and what would then be recommended."
          />
        </Card>
      ) : answer.data?.picture === null ? (
        <Card>
          <Notice tone="bad" title="Nobody can simulate it now" why={answer.data.away}>
            <Button onClick={() => void answer.refetch()}>Try again</Button>
          </Notice>
        </Card>
      ) : answer.data === undefined ? (
        <Card>
          {answer.error === null ? (
            <Simulating />
          ) : (
            <Unreadable
              title="It could not be simulated"
              error={answer.error}
              onRetry={() => void answer.refetch()}
            />
          )}
        </Card>
      ) : (
        <>
          <ProblemText error={answer.error} />
          <HostOutcomes answer={answer.data.picture} pending={answer.isFetching} />
          <SupposedPlan answer={answer.data.picture} />
        </>
      )}
    </div>
  );
}

function Simulating() {
  return (
    <div role="status" className="grid gap-3 p-5">
      <p className="flex items-center gap-2 text-sm text-soft">
        <FlaskConical aria-hidden className="size-4" /> Simulating on the live cluster
      </p>
      <Skeleton className="h-40" />
    </div>
  );
}
