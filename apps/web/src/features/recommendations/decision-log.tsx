'use client';

/** What the planner has concluded, also that there was nothing to do; repeated conclusions are one line. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { MeasuredBadge } from './measured-badge.tsx';

const REASONS_SHOWN = 4;
/** A quarter of an hour if every plan differs; older ones are asked for. */
const RECORDS_SHOWN = 15;

export function DecisionLog() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [isWhole, setWhole] = useState(false);
  const log = useQuery({
    ...trpc.recommendations.decisions.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  if (log.isPending) return <Skeleton className="m-5 h-40" />;
  if (log.data === undefined)
    return <Notice tone="bad" title="The log could not be read" why={log.error.message} />;
  if (log.data.length === 0)
    return <Notice title="Nothing was concluded yet" why="The planner runs every minute in the worker." />;
  const nowMs = Date.now();
  const older = isWhole ? 0 : Math.max(0, log.data.length - RECORDS_SHOWN);
  return (
    <>
      <ul className="border-line border-t">
        {log.data.slice(0, log.data.length - older).map((record) => (
          <li
            key={record.id}
            className="grid gap-x-6 gap-y-1 border-line border-b px-5 py-3 text-sm last:border-b-0 lg:grid-cols-[12rem_minmax(0,1fr)_12rem]"
          >
            <p className="text-soft">
              <When ms={record.atMs} nowMs={nowMs} />
              <span className="block text-faint text-xs">
                {record.times === 1 ? 'once' : `${record.times} times, last `}
                {record.times === 1 ? null : <When ms={record.lastMs} nowMs={nowMs} />}
              </span>
            </p>
            <div>
              {record.nothingBecause === null ? (
                <ul>
                  {record.reasons.slice(0, REASONS_SHOWN).map((one, i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a record does not change
                    <li key={i}>
                      <span className="font-medium">{one.title}</span>{' '}
                      {[one.sourceName, one.destinationName].filter((name) => name !== null).join(' → ')}{' '}
                      <MeasuredBadge of={one} /> <span className="text-soft">{one.reason}</span>
                    </li>
                  ))}
                  {record.reasons.length > REASONS_SHOWN ? (
                    <li className="text-faint text-xs">{`and ${record.reasons.length - REASONS_SHOWN} more`}</li>
                  ) : null}
                </ul>
              ) : (
                <p className="text-soft">Nothing to do: {record.nothingBecause}</p>
              )}
            </div>
            <p className="tabular text-faint text-xs">
              hottest {Math.round(100 * record.hottestBefore)} % → {Math.round(100 * record.hottestAfter)} %
              <br />
              policy {record.policyVersion}, topology {record.topologyVersion}
            </p>
          </li>
        ))}
      </ul>
      {older === 0 ? null : (
        <div className="border-line border-t px-5 py-3">
          <Button onClick={() => setWhole(true)}>{`Show ${older} older`}</Button>
        </div>
      )}
    </>
  );
}
