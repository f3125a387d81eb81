'use client';

/** The parts of a plan: each can be chosen and opened; many that are alike are one line that unfolds. */
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { formatBytes, formatCount } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { RecommendationView } from '../../server/recommendations/recommendation-view.ts';
import { MeasuredBadge } from './measured-badge.tsx';
import { type Alike, alike, isDropped, type PlanView } from './plan-view.ts';
import { Places, StateBadge } from './recommendation-line.tsx';

interface PartsProps {
  readonly plan: PlanView;
  readonly chosen: ReadonlySet<number>;
  onChoose(ids: readonly number[], isChosen: boolean): void;
  onOpen(id: number): void;
}

export function PlanParts(props: PartsProps) {
  const { plan } = props;
  const rows = plan.rows.filter((row) => !isDropped(row));
  const dropped = plan.rows.filter(isDropped);
  return (
    <div className="border-line border-t">
      <ul>
        {alike(rows).map((group) =>
          group.rows.length === 1 ? (
            <PartLine key={group.key} row={group.rows[0]!} {...props} />
          ) : (
            <Group key={group.key} group={group} {...props} />
          ),
        )}
      </ul>
      {dropped.length === 0 ? null : <Dropped rows={dropped} onOpen={props.onOpen} />}
    </div>
  );
}

function Group({ group, ...props }: PartsProps & { group: Alike }) {
  const [isOpen, setOpen] = useState(false);
  const { rows } = group;
  const first = rows[0]!;
  const ids = rows.map(({ id }) => id);
  const chosen = ids.filter((id) => props.chosen.has(id)).length;
  const name = `${NAMES[first.body.action]} ${formatCount(rows.length)} shardlets`;
  return (
    <li className="border-line border-b last:border-b-0">
      <div className="flex flex-wrap items-center gap-3 px-5 py-3 text-sm">
        {first.state === 'open' ? (
          <input
            type="checkbox"
            aria-label={`Choose all: ${name}`}
            className="size-4 accent-[var(--accent)]"
            checked={chosen === ids.length}
            ref={(box) => {
              if (box !== null) box.indeterminate = chosen > 0 && chosen < ids.length;
            }}
            onChange={(e) => props.onChoose(ids, e.target.checked)}
          />
        ) : null}
        <span className="font-semibold">{name}</span>
        <StateBadge row={first} />
        <span className="text-soft text-xs">{first.body.reason}</span>
        <Button
          size="sm"
          look="quiet"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="ml-auto"
        >
          <ChevronRight aria-hidden className={isOpen ? 'rotate-90' : ''} />
          {isOpen ? 'Show less' : `Show all ${rows.length}`}
        </Button>
      </div>
      {isOpen ? (
        <ul className="border-line border-t bg-sunken/50">
          {rows.map((row) => (
            <PartLine key={row.id} row={row} {...props} />
          ))}
        </ul>
      ) : null}
    </li>
  );
}

const NAMES: Record<RecommendationView['body']['action'], string> = {
  move: 'Move',
  split: 'Split',
  'split-below-key': 'Split by key',
  roll: 'Roll',
  merge: 'Merge pairs of',
  'add-hosts': 'Add hosts for',
  'remove-host': 'Remove hosts of',
};

function PartLine({ row, plan, chosen, onChoose, onOpen }: PartsProps & { row: RecommendationView }) {
  const part = plan.parts.find(({ recommendation }) => recommendation.id === row.id);
  const verb = row.state === 'open' ? 'Decide' : 'Details';
  const needed = plan.rows.filter(({ id }) => part?.dependsOn.includes(id));
  return (
    <li className="flex items-start gap-3 border-line border-b px-5 py-3 last:border-b-0">
      {row.state === 'open' ? (
        <input
          type="checkbox"
          aria-label={`Choose: ${row.title}`}
          className="mt-0.5 size-4 accent-[var(--accent)]"
          checked={chosen.has(row.id)}
          onChange={(e) => onChoose([row.id], e.target.checked)}
        />
      ) : null}
      <div className="min-w-0 flex-1">
        <h3 className="flex flex-wrap items-center gap-2 text-sm">
          <span className="font-semibold">{row.title}</span>
          <Places row={row} />
          <StateBadge row={row} />
          <MeasuredBadge of={row.body} />
          {needed.length === 0 ? null : (
            <Badge tip="It cannot be carried out without it, and begins when that is done">
              {`needs: ${needed.map(({ title }) => title).join(', ')}`}
            </Badge>
          )}
        </h3>
        <p className="text-soft text-xs">{row.result === '' ? row.body.reason : row.result}</p>
        <Progress progress={part?.progress ?? null} isRunning={row.state === 'running'} />
      </div>
      <Button size="sm" onClick={() => onOpen(row.id)} aria-label={`${verb}: ${row.title}`}>
        {verb}
      </Button>
    </li>
  );
}

function Progress({
  progress,
  isRunning,
}: {
  progress: PlanView['parts'][number]['progress'];
  isRunning: boolean;
}) {
  if (progress === null || !isRunning) return null;
  const { migration, phase, bytes, secondsLeft } = progress;
  const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft * 1_000)} left`;
  return (
    <p className="tabular mt-0.5 text-accent text-xs">
      {`Migration ${migration}: ${phase}, ${formatBytes(bytes)} copied${left}`}
    </p>
  );
}

/** What was withdrawn or replaced, and why, stays one click away. */
function Dropped({ rows, onOpen }: { rows: readonly RecommendationView[]; onOpen(id: number): void }) {
  return (
    <details className="px-5 py-3 text-sm">
      <summary className="cursor-pointer text-soft">
        {rows.length === 1
          ? '1 earlier proposal of this plan'
          : `${rows.length} earlier proposals of this plan`}
      </summary>
      <ul className="mt-2 grid gap-1.5">
        {rows.map((row) => (
          <li key={row.id} className="flex flex-wrap items-center gap-2">
            <button
              type="button"
              className="font-medium text-accent hover:underline"
              onClick={() => onOpen(row.id)}
            >
              {row.title}
            </button>
            <StateBadge row={row} />
            <span className="text-soft text-xs">{row.result === '' ? row.note : row.result}</span>
            {row.replacedBy === null ? null : (
              <button
                type="button"
                className="text-accent text-xs hover:underline"
                onClick={() => onOpen(row.replacedBy!)}
              >
                what took its place
              </button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
