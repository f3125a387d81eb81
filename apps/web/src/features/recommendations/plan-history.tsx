'use client';

/** Every plan there was, by state and page by page: each opens into its card, with what became of its parts. */
import { PLAN_STATES } from '@foreshard/core/advising';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { parseAsInteger, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Select } from '../../components/ui/field.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { PLAN_STATE_WORDS, PlanCard, PlanStateBadge } from './plan-card.tsx';
import type { PlanView } from './plan-view.ts';
import { RecommendationDetail } from './recommendation-detail.tsx';

const REFRESH_MS = 10_000;

export function PlanHistory() {
  const [openedId, setOpenedId] = useState<number | null>(null);
  const trpc = useTRPC();
  const [{ state, before }, set] = useQueryStates(
    { state: parseAsStringLiteral(PLAN_STATES), before: parseAsInteger },
    { history: 'push' },
  );
  const asked = { ...(state === null ? {} : { state }), ...(before === null ? {} : { before }) };
  const page = useQuery({
    ...trpc.recommendations.history.queryOptions(asked),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const opened = page.data?.plans.flatMap(({ rows }) => rows).find(({ id }) => id === openedId);
  return (
    <section aria-label="History of plans" className="border-line border-t">
      <div className="flex flex-wrap items-end justify-between gap-3 px-5 py-3">
        <Select
          label="State"
          value={state ?? ''}
          onChange={(e) => void set({ state: (e.target.value || null) as typeof state, before: null })}
        >
          <option value="">in any state</option>
          {PLAN_STATES.map((one) => (
            <option key={one} value={one}>
              {PLAN_STATE_WORDS[one]}
            </option>
          ))}
        </Select>
        <div className="flex gap-2">
          <Button size="sm" disabled={before === null} onClick={() => void set({ before: null })}>
            Newest
          </Button>
          <Button
            size="sm"
            disabled={page.data?.next == null}
            onClick={() => void set({ before: page.data!.next })}
          >
            Older
          </Button>
        </div>
      </div>
      {page.isPending ? <Skeleton className="m-5 h-40" /> : null}
      {page.error === null ? null : (
        <Notice tone="bad" title="The plans could not be read" why={page.error.message} />
      )}
      {page.data?.plans.length === 0 ? (
        <Notice title="No plans" why="No plan of this page is in this state. Choose another state." />
      ) : null}
      <ul className="border-line border-t" aria-busy={page.isFetching}>
        {page.data?.plans.map((plan) => (
          <HistoryLine key={plan.id} plan={plan} nowMs={page.data.atMs} onOpen={setOpenedId} />
        ))}
      </ul>
      {opened === undefined ? null : (
        <RecommendationDetail
          row={opened}
          nowMs={page.data!.atMs}
          onClose={() => setOpenedId(null)}
          onOpen={setOpenedId}
        />
      )}
    </section>
  );
}

interface LineProps {
  readonly plan: PlanView;
  readonly nowMs: number;
  onOpen(id: number): void;
}

function HistoryLine({ plan, nowMs, onOpen }: LineProps) {
  const [isOpen, setOpen] = useState(false);
  const { done, parts, dropped } = plan.counts;
  return (
    <li className="border-line border-b last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-5 py-3 text-sm">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="flex min-w-0 items-center gap-2 text-left font-semibold hover:underline"
        >
          <ChevronRight aria-hidden className={`size-4 shrink-0 ${isOpen ? 'rotate-90' : ''}`} />
          {plan.headline}
        </button>
        <PlanStateBadge state={plan.state} />
        {plan.cluster === null ? null : <Badge>cluster {plan.cluster}</Badge>}
        <span className="tabular ml-auto text-soft text-xs">
          {`plan ${plan.id}, ${done} of ${parts - dropped} done, `}
          <When ms={Date.parse(plan.lastAt)} nowMs={nowMs} />
        </span>
      </div>
      {isOpen ? (
        <div className="bg-sunken/50 p-3">
          <PlanCard plan={plan} nowMs={nowMs} onOpen={onOpen} />
        </div>
      ) : null}
    </li>
  );
}
