'use client';

/** One plan: its line, its picture, what it costs, how far it is, and the decision. */
import { useState } from 'react';
import { Fact } from '../../components/fact.tsx';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { Card } from '../../components/ui/card.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes, formatCounted } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import { PlanChart } from './plan-chart.tsx';
import { PlanDecide, UndoPlan } from './plan-decide.tsx';
import { PlanParts } from './plan-parts.tsx';
import { type PlanView, withNeeded } from './plan-view.ts';

export function PlanCard({
  plan,
  nowMs,
  onOpen,
}: {
  plan: PlanView;
  nowMs: number;
  onOpen(id: number): void;
}) {
  const openIds = plan.rows.flatMap(({ id, state }) => (state === 'open' ? id : []));
  // what comes later is chosen too: a plan is approved as a whole until somebody leaves a part out
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const chosen = withNeeded(plan, new Set(openIds.filter((id) => !left.has(id))));
  const choose = (ids: readonly number[], isChosen: boolean) => {
    const next = new Set(left);
    for (const id of ids) {
      if (isChosen) next.delete(id);
      else next.add(id);
    }
    // what needs a part that is left out is left out with it
    if (!isChosen) for (const id of dependents(plan, ids)) next.add(id);
    setLeft(next);
  };
  const titleId = `plan-${plan.id}`;
  const wasDone = plan.counts.approved + plan.counts.running + plan.counts.done > 0;
  return (
    <Card aria-labelledby={titleId}>
      <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-5 pt-4 pb-3">
        <div className="min-w-0">
          <h2 id={titleId} ref={whenAskedFor} className="scroll-mt-20 text-balance font-semibold text-lg">
            {plan.headline}
          </h2>
          <p className="mt-1 flex flex-wrap items-center gap-2 text-faint text-xs">
            <PlanStateBadge state={plan.state} />
            {plan.cluster === null ? null : <Badge>cluster {plan.cluster}</Badge>}
            <span>{`plan ${plan.id}, revision ${plan.revision}`}</span>
            {plan.expiresAt === null ? null : (
              <span>
                expires <When ms={Date.parse(plan.expiresAt)} nowMs={nowMs} />
              </span>
            )}
          </p>
        </div>
        {wasDone && plan.undone === null ? <UndoPlan plan={plan} /> : null}
      </header>
      {wasDone ? <WholeProgress plan={plan} /> : null}
      <div className="grid gap-5 px-5 pb-4 lg:grid-cols-[minmax(0,1fr)_15rem]">
        {plan.picture === null || plan.picture.hosts.length === 0 ? (
          <p className="text-sm text-soft">No picture: this plan changes no host within the horizon.</p>
        ) : (
          <PlanChart picture={plan.picture} first={plan.focus?.host} />
        )}
        <Facts plan={plan} nowMs={nowMs} />
      </div>
      <PlanParts plan={plan} chosen={chosen} onChoose={choose} onOpen={onOpen} />
      {openIds.length === 0 ? null : (
        <div className="border-line border-t px-5 py-4">
          <PlanDecide plan={plan} chosen={chosen} />
        </div>
      )}
    </Card>
  );
}

/** A link names a plan, whose card comes later than the page. */
function whenAskedFor(title: HTMLElement | null): void {
  if (title !== null && location.hash === `#${title.id}`) title.scrollIntoView();
}

/** Also at second hand. */
function dependents(plan: PlanView, ids: readonly number[]): ReadonlySet<number> {
  const found = new Set(ids);
  for (const { recommendation, dependsOn } of plan.parts)
    if (dependsOn.some((id) => found.has(id))) found.add(recommendation.id);
  return found;
}

const TONES: Record<PlanView['state'], Tone> = {
  open: 'accent',
  scheduled: 'accent',
  running: 'accent',
  'partly-done': 'warn',
  done: 'ok',
  failed: 'bad',
  undone: 'neutral',
  dropped: 'neutral',
};

export const PLAN_STATE_WORDS: Record<PlanView['state'], string> = {
  open: 'waits for you',
  scheduled: 'approved',
  running: 'running',
  'partly-done': 'partly done',
  done: 'done',
  failed: 'failed in part',
  undone: 'undone',
  dropped: 'dropped',
};

export function PlanStateBadge({ state }: Pick<PlanView, 'state'>) {
  return <Badge tone={TONES[state]}>{PLAN_STATE_WORDS[state]}</Badge>;
}

function WholeProgress({ plan: { counts, undone } }: { plan: PlanView }) {
  const total = counts.parts - counts.dropped;
  const states = [
    [counts.done, 'done'],
    [counts.running, 'running'],
    [counts.approved, 'approved'],
    [counts.failed, 'failed'],
    [counts.open, 'waiting for you'],
  ] as const;
  const words = states.flatMap(([count, word]) => (count === 0 ? [] : `${count} ${word}`)).join(', ');
  const back =
    undone === null
      ? ''
      : `; undone by ${undone.by}, ${formatCounted(undone.migrations.length, 'move')} back`;
  return (
    <div className="px-5 pb-4">
      <div
        role="progressbar"
        aria-label="Parts done"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={counts.done}
        className="h-1.5 overflow-hidden rounded-full bg-hover"
      >
        <div
          className="h-full rounded-full bg-accent"
          style={{ width: `${(100 * counts.done) / Math.max(1, total)}%` }}
        />
      </div>
      <p aria-live="polite" className="tabular mt-1.5 text-soft text-xs">{`${words}${back}`}</p>
    </div>
  );
}

function Facts({ plan, nowMs }: { plan: PlanView; nowMs: number }) {
  const { bytes, seconds, writePause, movesBack, overloadAt } = plan;
  return (
    <dl className="tabular grid grid-cols-2 content-start gap-x-6 gap-y-3 text-sm lg:grid-cols-1">
      <Fact name="Overload without it">
        {overloadAt === null ? 'none foreseen' : <When ms={Date.parse(overloadAt)} nowMs={nowMs} />}
      </Fact>
      <Fact name="Copies">{bytes === 0 ? 'no data' : formatBytes(bytes)}</Fact>
      <Fact name="Takes">{seconds === null ? 'a moment' : rangeText(seconds)}</Fact>
      <Fact name="Write pause per move">{pauseText(writePause, movesBack)}</Fact>
      <Fact name="Way back">
        {movesBack === 0 ? 'none needed: it moves no data' : 'You can move it back, as one'}
      </Fact>
    </dl>
  );
}

function rangeText({ low, high }: { low: number; high: number }): string {
  const [least, most] = [low, high].map((seconds) => formatDuration(Math.max(1, seconds) * 1_000));
  return least === most ? `about ${least}` : `${least} to ${most}`;
}

function pauseText(pause: PlanView['writePause'], moves: number): string {
  if (moves === 0) return 'none';
  if (pause === null) return 'not measured yet';
  return `${pause.medianMs} ms, at most ${pause.longestMs} ms (newest ${formatCounted(pause.moves, 'move')})`;
}
