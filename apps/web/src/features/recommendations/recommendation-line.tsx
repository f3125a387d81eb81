'use client';

import { confidenceWords } from '@foreshard/core/advising';
import { ArrowRight } from 'lucide-react';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { RecommendationView } from '../../server/recommendations/recommendation-view.ts';
import { MeasuredBadge } from './measured-badge.tsx';

export function RecommendationLine({
  row,
  nowMs,
  onOpen,
}: {
  row: RecommendationView;
  nowMs: number;
  onOpen(): void;
}) {
  const { body } = row;
  const verb = row.state === 'open' ? 'Decide' : 'Details';
  return (
    <li className="grid gap-x-6 gap-y-2 border-line border-b px-5 py-3.5 last:border-b-0 lg:grid-cols-[minmax(0,1fr)_11rem_11rem_auto] lg:items-center">
      <div className="min-w-0">
        <h2 className="flex flex-wrap items-center gap-2 text-sm">
          <span className="font-semibold">{row.title}</span>
          <Places row={row} />
          {row.cluster === '' ? null : <Badge>cluster {row.cluster}</Badge>}
          <StateBadge row={row} />
          {row.state === 'open' ? <UrgencyBadge urgency={body.urgency} /> : null}
          <MeasuredBadge of={body} />
        </h2>
        <p className="text-soft text-xs">{body.reason}</p>
        {row.result === '' ? null : <p className="mt-0.5 text-faint text-xs">{row.result}</p>}
      </div>
      <p className="tabular text-soft text-xs">
        {body.prepares !== undefined ? (
          <>
            for the peak <When ms={Date.parse(body.prepares.peakAt)} nowMs={nowMs} />, best{' '}
            <When ms={Date.parse(body.prepares.bestAt)} nowMs={nowMs} />
          </>
        ) : body.overloadAt === null ? (
          'no overload foreseen'
        ) : (
          <>
            overload <When ms={Date.parse(body.overloadAt)} nowMs={nowMs} />
          </>
        )}
        <br />
        {confidenceWords(body)}
      </p>
      <p className="tabular text-soft text-xs">
        {costTexts(row).map((text) => (
          <span key={text} className="block">
            {text}
          </span>
        ))}
      </p>
      <Button size="sm" onClick={onOpen} aria-label={`${verb}: ${row.title}`}>
        {verb}
      </Button>
    </li>
  );
}

export function Places({ row }: { row: Pick<RecommendationView, 'sourceName' | 'destinationName'> }) {
  if (row.sourceName === null && row.destinationName === null) return null;
  return (
    <span className="flex items-center gap-1 text-soft">
      {row.sourceName}
      {row.destinationName === null ? null : (
        <>
          {row.sourceName === null ? null : <ArrowRight aria-label="to" className="size-3.5" />}
          {row.destinationName}
        </>
      )}
    </span>
  );
}

const TONES: Record<RecommendationView['state'], Tone> = {
  open: 'accent',
  approved: 'accent',
  running: 'accent',
  done: 'ok',
  failed: 'bad',
  rejected: 'neutral',
  expired: 'neutral',
  withdrawn: 'neutral',
};

export function StateBadge({ row: { state } }: { row: RecommendationView }) {
  return <Badge tone={TONES[state]}>{state}</Badge>;
}

export function UrgencyBadge({ urgency }: { urgency: RecommendationView['body']['urgency'] }) {
  if (urgency === 'now') return <Badge tone="bad">now</Badge>;
  if (urgency === 'soon') return <Badge tone="warn">soon</Badge>;
  return <Badge>when convenient</Badge>;
}

/** What is copied, and how long that takes. How large the partitions of others are may be unknown. */
export function costTexts({
  cluster,
  body: { action, cost, etaSeconds },
}: Pick<RecommendationView, 'cluster' | 'body'>): string[] {
  if (cost.bytes > 0) return [formatBytes(cost.bytes), etaText(etaSeconds)];
  if (cluster !== '' && action === 'move') return ['its size is not known'];
  return ['moves no data', etaText(etaSeconds)];
}

function etaText(eta: RecommendationView['body']['etaSeconds']): string {
  if (eta === null) return 'takes a moment';
  const [low, high] = [eta.low, eta.high].map((seconds) => formatDuration(Math.max(1, seconds) * 1_000));
  return low === high ? `takes about ${low}` : `takes ${low} to ${high}`;
}
