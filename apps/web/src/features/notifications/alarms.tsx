'use client';

import { CircleAlert } from 'lucide-react';
import type { Route } from 'next';
import Link from 'next/link';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { When } from '../../components/when.tsx';

interface AlarmsProps {
  readonly alarms: readonly {
    readonly key: string;
    readonly level: 'warn' | 'bad';
    readonly title: string;
    readonly text: string;
    readonly path: string;
    readonly sinceMs: number;
  }[];
  readonly nowMs: number;
}

/** What is wrong now; nothing of it is shown when all is well. */
export function Alarms({ alarms, nowMs }: AlarmsProps) {
  if (alarms.length === 0) return null;
  return (
    <Card aria-labelledby="alarms-title">
      <CardHead
        id="alarms-title"
        title="Alarms"
        hint="told to targets when they last, and when they are over"
      />
      <ul className="border-line border-t">
        {alarms.map(({ key, level, title, text, path, sinceMs }) => (
          <li
            key={key}
            className="flex items-start gap-3 border-line border-b px-5 py-3 text-sm last:border-b-0"
          >
            <CircleAlert
              aria-label={level === 'bad' ? 'bad' : 'warning'}
              className={`mt-0.5 size-4 shrink-0 ${level === 'bad' ? 'text-bad' : 'text-warn'}`}
            />
            <p className="min-w-0 break-words">
              <Link href={path as Route} className="font-medium hover:underline">
                {title}
              </Link>{' '}
              <span className="text-soft">
                {text} Since <When ms={sinceMs} nowMs={nowMs} />.
              </span>
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
