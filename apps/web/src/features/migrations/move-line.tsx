'use client';

import { ArrowRight } from 'lucide-react';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes, formatCount } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import { type MoveView, STEPS } from '../../server/migrations/move-views.ts';

const MS_PER_SECOND = 1_000;

export function MoveLine({ move, nowMs, onOpen }: { move: MoveView; nowMs: number; onOpen(): void }) {
  return (
    <li className="grid gap-x-6 gap-y-2 border-line border-b px-5 py-3.5 last:border-b-0 lg:grid-cols-[minmax(0,1fr)_auto_13rem_auto] lg:items-center">
      <div className="min-w-0">
        <h2 className="flex flex-wrap items-center gap-2 text-sm">
          <span className="font-semibold">Shardlet {move.shardlet}</span>
          <span className="flex items-center gap-1 text-soft">
            {move.sourceName} <ArrowRight aria-label="to" className="size-3.5" /> {move.destName}
          </span>
          <StateBadge move={move} />
        </h2>
        <p className="text-soft text-xs">
          {move.actor}, <When ms={move.createdAtMs} nowMs={nowMs} />: {move.reason}
        </p>
        {move.obstacle === '' ? null : <p className="mt-1 text-sm text-warn">{move.obstacle}</p>}
      </div>
      <Steps move={move} />
      <p className="tabular text-soft text-xs">
        {formatBytes(move.bytes)}
        {move.endedAtMs === null ? `, ${formatBytes(move.bytesPerSecond)}/s` : ''}
        <br />
        {move.endedAtMs === null
          ? `${formatCount(move.lag)} records behind, left: ${etaText(move)}`
          : tookText(move)}
      </p>
      <Button size="sm" onClick={onOpen} aria-label={`Details of the move of shardlet ${move.shardlet}`}>
        Details
      </Button>
    </li>
  );
}

/** All steps in their order; what is done, where it is, what is still to come. */
export function Steps({ move }: { move: MoveView }) {
  const at = move.step === null ? -1 : STEPS.indexOf(move.step);
  const isMoved = move.result === 'moved';
  return (
    <ol className="flex flex-wrap gap-1" aria-label="Steps">
      {STEPS.map((step, i) => {
        const isDone = at === -1 ? isMoved : i < at;
        const look =
          i === at ? 'bg-accent text-on-accent' : isDone ? 'bg-ok-soft text-ok' : 'bg-hover text-faint';
        return (
          <li
            key={step}
            aria-current={i === at ? 'step' : undefined}
            className={`rounded-sm px-1.5 py-0.5 text-xs ${look}`}
          >
            {step}
            <span className="sr-only">{i === at ? ' (now)' : isDone ? ' (done)' : ''}</span>
          </li>
        );
      })}
    </ol>
  );
}

export function StateBadge({ move }: { move: MoveView }) {
  const [tone, text] = stateOf(move);
  return <Badge tone={tone}>{text}</Badge>;
}

function stateOf({ result, order, endedAtMs, worker }: MoveView): readonly [Tone, string] {
  if (result === 'moved') return ['ok', 'moved'];
  if (endedAtMs !== null) return ['neutral', 'aborted'];
  if (order === 'abort') return ['warn', 'being aborted'];
  if (order === 'pause') return ['warn', 'paused'];
  return worker === null ? ['neutral', 'waiting'] : ['accent', 'under way'];
}

export function etaText({ secondsLeft }: MoveView): string {
  return secondsLeft === null ? 'unknown' : formatDuration(secondsLeft * MS_PER_SECOND);
}

function tookText({ startedAtMs, endedAtMs }: MoveView): string {
  if (startedAtMs === null || endedAtMs === null) return 'it never began';
  return `took ${formatDuration(endedAtMs - startedAtMs)}`;
}
