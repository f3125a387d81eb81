'use client';

import type { PartScore } from '@foreshard/core/profiling';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useTRPC } from '../../components/api.ts';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { HealthCourse } from './health-course.tsx';
import { PART_MEANINGS, PART_NAMES, placeWords, rawText } from './part-words.ts';
import { Score } from './score.tsx';

const HOURS = [1, 6, 24, 168, 720] as const;
const HOUR_NAMES = { 1: '1 h', 6: '6 h', 24: '24 h', 168: '7 days', 720: '30 days' } as const;
const REFRESH_MS = 30_000;

/** A score with all that it is made of: raw value, weight, what it takes away, and its course. */
export function HealthSubjectCard({
  kind,
  id,
  name,
  hours,
  onHours,
  onClose,
}: {
  kind: 'host' | 'shardlet';
  id: number;
  name: string;
  hours: number;
  onHours(hours: number): void;
  onClose(): void;
}) {
  const trpc = useTRPC();
  const span = HOURS.find((h) => h === hours) ?? 1;
  const subject = useQuery({
    ...trpc.health.subject.queryOptions({ kind, id, hours: span }),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Card aria-labelledby="subject-title">
      <CardHead
        id="subject-title"
        title={name}
        hint={subject.data?.resolution === 'hour' ? 'lowest score of each hour' : 'minute by minute'}
      >
        <div className="flex items-center gap-2">
          <Segmented
            label="Course over"
            value={String(span)}
            choices={HOURS.map((h) => [String(h), HOUR_NAMES[h]] as const)}
            onChange={(text) => onHours(Number(text))}
          />
          <Button look="quiet" size="icon" aria-label="Close" onClick={onClose}>
            <X />
          </Button>
        </div>
      </CardHead>
      {subject.error !== null ? (
        <Notice tone="bad" title="Its history could not be read" why={subject.error.message} />
      ) : subject.data === undefined ? (
        <Skeleton className="m-5 h-64" />
      ) : subject.data.newest === null ? (
        <Notice
          title="Nothing is known of it in this time"
          why="Choose a longer time, or look at another one."
        />
      ) : (
        <>
          <div className="px-5 pb-2">
            <HealthCourse points={subject.data.history} />
          </div>
          {kind === 'shardlet' ? <LoadPlace parts={subject.data.newest.parts} /> : null}
          <PartTable parts={subject.data.newest.parts} score={subject.data.newest.score} />
        </>
      )}
    </Card>
  );
}

function LoadPlace({ parts }: { parts: readonly PartScore[] }) {
  const words = placeWords(parts);
  return words === undefined ? null : (
    <p className="px-5 pb-3 text-sm">
      <strong className="font-semibold">Load.</strong> <span className="text-soft">{words}</span>
    </p>
  );
}

function PartTable({ parts, score }: { parts: readonly PartScore[]; score: number | null }) {
  const known = parts.filter((part) => part.score !== null).reduce((sum, part) => sum + part.weight, 0);
  const head = 'h-9 px-2 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
  const cell = 'px-2 py-2 first:pl-5 last:pr-5';
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Parts of the score" className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={head}>Part</th>
            <th className={head}>Value</th>
            <th className={head}>Score</th>
            <th className={`${head} text-right`}>Weight</th>
            <th className={`${head} text-right`}>Takes away</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.part} className="border-line border-b">
              <td className={cell}>
                <p className="font-medium">{PART_NAMES[part.part]}</p>
                <p className="text-faint text-xs max-sm:hidden">{PART_MEANINGS[part.part]}</p>
              </td>
              <td className={`${cell} whitespace-nowrap ${part.raw === null ? 'text-faint' : ''}`}>
                {rawText(part)}
              </td>
              <td className={cell}>
                <Score score={part.score} />
              </td>
              <td className={`${cell} text-right text-soft`}>{part.weight}</td>
              <td className={`${cell} text-right font-medium`}>{costText(part, known)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="bg-sunken">
            <th scope="row" colSpan={2} className={`${cell} text-left font-semibold`}>
              All of it
            </th>
            <td className={cell}>
              <Score score={score} />
            </td>
            <td colSpan={2} className={`${cell} text-right text-faint text-xs`}>
              parts that are not known have no say
            </td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

/** In points of the whole score. */
function costText({ part, score, weight }: PartScore, known: number): string {
  if (part === 'reachable' && score === 0) return '−100';
  if (score === null || known === 0) return '–';
  const cost = (weight * (100 - score)) / known;
  return cost < 0.05 ? '0' : `−${cost.toFixed(1)}`;
}
