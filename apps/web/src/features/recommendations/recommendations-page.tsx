'use client';

/** The inbox of the planner: what it proposes and why, what was decided, and what that was worth. */
import { useQuery } from '@tanstack/react-query';
import type { Route } from 'next';
import Link from 'next/link';
import { parseAsInteger, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { When } from '../../components/when.tsx';
import { ListPage } from '../list-page.tsx';
import { Churn } from './churn.tsx';
import { DecisionLog } from './decision-log.tsx';
import { PlanCard } from './plan-card.tsx';
import { PlanHistory } from './plan-history.tsx';
import { Pressures } from './pressures.tsx';
import { RecommendationDetail } from './recommendation-detail.tsx';
import { RecommendationLine } from './recommendation-line.tsx';

const SHOWN = ['inbox', 'history', 'all', 'decisions'] as const;
const CHOICES = [
  ['inbox', 'Inbox'],
  ['history', 'Plan history'],
  ['all', 'All'],
  ['decisions', 'Decision log'],
] as const;

export function RecommendationsPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [{ show, id }, set] = useQueryStates({
    show: parseAsStringLiteral(SHOWN).withDefault('inbox'),
    id: parseAsInteger,
  });
  const list = useQuery({
    ...trpc.recommendations.list.queryOptions({ ended: show === 'all' }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const plans = useQuery({
    ...trpc.recommendations.plans.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const nowMs = list.data?.atMs ?? 0;
  const inPlans = plans.data?.plans.flatMap(({ rows }) => rows) ?? [];
  const planned = new Set(inPlans.map((row) => row.id));
  // what a release without plans has proposed, or a plan that was not read
  const lines = list.data?.rows.filter((row) => show === 'all' || !planned.has(row.id)) ?? [];
  const opened = [...(list.data?.rows ?? []), ...inPlans].find((row) => row.id === id);
  // what has ended long ago is among all of them
  const open = (next: number) => {
    const isHere = show === 'all' || planned.has(next) || list.data?.rows.some((row) => row.id === next);
    void set(isHere ? { id: next } : { id: next, show: 'all' }, { history: 'push' });
  };
  return (
    <div className="grid gap-5">
      <ListPage
        error={list.data === undefined ? list.error : null}
        loading={list.isPending}
        onRetry={() => void list.refetch()}
        head={
          <div className="flex flex-wrap items-center justify-between gap-3">
            <Segmented
              label="What is shown"
              value={show}
              choices={CHOICES}
              onChange={(choice) => void set({ show: choice === 'inbox' ? null : choice })}
            />
            {list.data === undefined ? null : (
              <p className="text-sm text-soft">
                Mode:{' '}
                <Link href={'/policies' as Route} className="font-medium text-accent hover:underline">
                  {list.data.mode}
                </Link>
                {list.data.lastPlan === null ? null : (
                  <>
                    , planned <When ms={list.data.lastPlan.atMs} nowMs={list.data.atMs} />
                  </>
                )}
                {list.data.pausedFor === null ? null : (
                  <>
                    ;{' '}
                    <Link href={'/migrations' as Route} className="font-medium text-warn hover:underline">
                      all moves are paused
                    </Link>{' '}
                    ({list.data.pausedFor}): what is approved waits
                  </>
                )}
                {list.data.rows.some(({ state, mode }) => state === 'approved' && mode === 'forecast-only')
                  ? '; what is approved waits for another mode'
                  : null}
              </p>
            )}
          </div>
        }
        empty={
          (show === 'inbox' || show === 'all') && list.data?.rows.length === 0 && inPlans.length === 0 ? (
            <NothingRecommended
              because={list.data.lastPlan?.nothingBecause ?? null}
              ran={!list.data.seesOurs || list.data.lastPlan !== null}
            />
          ) : undefined
        }
      >
        {show === 'decisions' ? (
          <DecisionLog />
        ) : show === 'history' ? (
          <PlanHistory />
        ) : lines.length === 0 ? null : (
          <ul className="border-line border-t">
            {lines.map((row) => (
              <RecommendationLine key={row.id} row={row} nowMs={nowMs} onOpen={() => open(row.id)} />
            ))}
          </ul>
        )}
      </ListPage>
      {show === 'inbox'
        ? plans.data?.plans.map((plan) => (
            <PlanCard key={plan.id} plan={plan} nowMs={plans.data.atMs} onOpen={open} />
          ))
        : null}
      {list.data?.lastPlan == null || list.data.lastPlan.pressures.length === 0 ? null : (
        <Pressures {...list.data.lastPlan} />
      )}
      <Churn />
      {opened === undefined || list.data === undefined ? null : (
        <RecommendationDetail
          row={opened}
          nowMs={list.data.atMs}
          onClose={() => void set({ id: null })}
          onOpen={open}
        />
      )}
    </div>
  );
}

function NothingRecommended({ because, ran }: { because: string | null; ran: boolean }) {
  return (
    <Notice
      title={ran ? 'Nothing to do' : 'The planner has not run yet'}
      why={
        ran
          ? `${because ?? 'All that was recommended is decided.'}`
          : 'It runs every minute in the worker. If this stays, look at the worker under Jobs.'
      }
    />
  );
}
