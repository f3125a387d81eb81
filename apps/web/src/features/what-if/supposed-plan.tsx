'use client';

import { Notice } from '../../components/notice.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatBytes } from '../../formatting/numbers.ts';
import { MeasuredBadge } from '../recommendations/measured-badge.tsx';
import { Places } from '../recommendations/recommendation-line.tsx';
import type { WhatIfView } from './view.ts';

const SHOWN_MAX = 50;

/** What the planner would do about the changes. Nothing of it can be approved: it is not needed yet. */
export function SupposedPlan({ answer: { plan, recommendationCount } }: { answer: WhatIfView }) {
  return (
    <Card aria-labelledby="supposed-plan-title" className="overflow-hidden">
      <CardHead
        id="supposed-plan-title"
        title="What would be recommended"
        hint={
          recommendationCount > SHOWN_MAX
            ? `the first ${SHOWN_MAX} of ${recommendationCount} steps`
            : undefined
        }
      />
      {plan.recommendations.length === 0 ? (
        <div className="border-line border-t">
          <Notice title="Nothing" why={plan.nothingBecause ?? ''} />
        </div>
      ) : (
        <ol className="border-line border-t">
          {plan.recommendations.slice(0, SHOWN_MAX).map((one) => (
            <li
              key={one.step}
              className="grid gap-x-6 gap-y-1 border-line border-b px-5 py-3 last:border-b-0 sm:grid-cols-[minmax(0,1fr)_8rem]"
            >
              <div className="min-w-0">
                <p className="flex flex-wrap items-center gap-2 text-sm">
                  <span className="font-semibold">{one.title}</span>
                  <Places row={one} />
                  <MeasuredBadge of={one} />
                </p>
                <p className="text-soft text-xs">{one.reason}</p>
              </div>
              <p className="tabular text-soft text-xs sm:text-right">
                {one.cost.bytes === 0 ? 'moves no data' : formatBytes(one.cost.bytes)}
              </p>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
