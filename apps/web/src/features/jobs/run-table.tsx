'use client';

import type { JobRun } from '@foreshard/core/jobs';
import { useState } from 'react';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { When } from '../../components/when.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { durationText } from './duration-text.ts';

const SHOWN = 30;
const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'h-10 px-3 first:pl-5 last:pr-5';
const TONES: Record<JobRun['state'], Tone> = {
  active: 'accent',
  waiting: 'neutral',
  completed: 'ok',
  failed: 'bad',
};

/** Every run that the queue still keeps. */
export function RunTable({ runs, nowMs }: { runs: readonly JobRun[]; nowMs: number }) {
  const [all, setAll] = useState(false);
  const shown = all ? runs : runs.slice(0, SHOWN);
  return (
    <Card aria-labelledby="runs-title" className="overflow-hidden">
      <CardHead
        id="runs-title"
        title="Runs"
        hint={`the newest first; ${formatCount(runs.length)} of those that are kept`}
      />
      {runs.length === 0 ? (
        <p className="border-line border-t px-5 py-10 text-center text-soft text-sm">
          No run is kept that fits. Runs appear as soon as a worker runs.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        <section tabIndex={0} aria-label="Table of runs" className="overflow-x-auto">
          <table className="w-full text-sm">
            <thead>
              <tr className="border-line border-y bg-sunken">
                <th className={HEAD}>Job</th>
                <th className={HEAD}>State</th>
                <th className={HEAD}>Ended</th>
                <th className={`${HEAD} text-right`}>Took</th>
                <th className={`${HEAD} max-md:hidden`}>Reason</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((run) => (
                <tr
                  key={`${run.id}-${run.state}`}
                  className="border-line border-b last:border-b-0 hover:bg-hover/60"
                >
                  <td className={`${CELL} font-mono text-xs`} title={run.id}>
                    {run.name}
                  </td>
                  <td className={CELL}>
                    <Badge tone={TONES[run.state]}>{run.state}</Badge>
                  </td>
                  <td className={`${CELL} whitespace-nowrap text-soft`}>
                    {run.endedAtMs === null ? '–' : <When ms={run.endedAtMs} nowMs={nowMs} />}
                  </td>
                  <td className={`${CELL} whitespace-nowrap text-right`}>{tookText(run)}</td>
                  <td
                    className={`${CELL} max-w-lg truncate text-soft max-md:hidden`}
                    title={run.reason ?? undefined}
                  >
                    {run.reason ?? ''}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {runs.length > SHOWN ? (
        <div className="border-line border-t p-2 text-center">
          <Button look="quiet" size="sm" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? 'Show fewer' : `Show all ${formatCount(runs.length)}`}
          </Button>
        </div>
      ) : null}
    </Card>
  );
}

function tookText({ startedAtMs, endedAtMs }: JobRun): string {
  return startedAtMs === null || endedAtMs === null ? '–' : durationText(endedAtMs - startedAtMs);
}
