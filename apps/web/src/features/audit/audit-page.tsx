'use client';

/** Who asked for what, from where and why, and what became of it. */
import type { audit, OutputOf } from '@foreshard/core/operations';
import { audit as auditOperations, requestOf } from '@foreshard/core/operations';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowRight, RotateCw } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { Barred } from '../../components/barred.tsx';
import { cn } from '../../components/class-names.ts';
import { edgeCurl, NO_EDGE } from '../../components/edge-curl.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { useObstacle } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { copy, Item, TakeAwayMenu } from '../../components/take-away.tsx';
import { Button } from '../../components/ui/button.tsx';
import { When } from '../../components/when.tsx';
import { ListPage } from '../list-page.tsx';
import { type AuditQuestion, exportUrl, isFiltered, questionOf, useAuditAddress } from './audit-address.ts';
import { AuditDetail } from './audit-detail.tsx';
import { AuditFilters } from './audit-filters.tsx';
import { ChainBadge } from './chain-badge.tsx';
import { OutcomeBadge } from './outcome-badge.tsx';

type AuditRecord = OutputOf<typeof audit.list>['records'][number];

const PAGE_SIZE = 50;
const CHAIN_REFRESH_MS = 15_000;

export function AuditPage() {
  const obstacle = useObstacle('audit:read');
  if (obstacle !== undefined) return <Barred why={obstacle} what="the audit log" />;
  return <Log />;
}

function Log() {
  const trpc = useTRPC();
  const [address, set] = useAuditAddress();
  // "the last 7 days" is fixed when it is asked for, so that the pages after the first begin where it ended
  const [askedMs, setAskedMs] = useState(() => Date.now());
  const question = useMemo(() => questionOf(address, askedMs), [address, askedMs]);
  const page = useQuery({
    ...trpc.operations.audit.list.queryOptions({
      ...question,
      ...(address.cursor === null ? {} : { cursor: address.cursor }),
      limit: PAGE_SIZE,
    }),
    placeholderData: keepPreviousData,
  });
  const chain = useQuery({
    ...trpc.operations.audit.chain.queryOptions({}),
    refetchInterval: CHAIN_REFRESH_MS,
  });
  const refresh = () => {
    setAskedMs(Date.now());
    void set({ cursor: null });
    void page.refetch();
  };
  const { records = [], next = null } = page.data ?? {};
  return (
    <>
      <ListPage
        error={page.data === undefined ? page.error : null}
        loading={page.isPending}
        onRetry={() => void page.refetch()}
        head={
          <div className="grid gap-4">
            <div className="flex flex-wrap items-center justify-between gap-3">
              <p className="max-w-prose text-sm text-soft">
                Every order and every denial, with who, from where and why. Reading events is recorded where
                it is done here.
              </p>
              <div className="flex flex-wrap items-center gap-2">
                <ChainBadge chain={chain.data} nowMs={chain.dataUpdatedAt} />
                <Button look="quiet" onClick={refresh}>
                  <RotateCw /> Refresh
                </Button>
                <Export question={question} />
              </div>
            </div>
            <AuditFilters
              address={address}
              onChange={(change) => {
                setAskedMs(Date.now());
                void set({ ...change, cursor: null, record: null });
              }}
            />
          </div>
        }
        empty={
          records.length === 0 && page.data !== undefined ? (
            <Nothing filtered={isFiltered(address)} onReset={() => void set(null)} />
          ) : undefined
        }
      >
        <Records
          records={records}
          nowMs={page.dataUpdatedAt}
          outdated={page.isPlaceholderData}
          onOpen={(record) => void set({ record })}
        />
        {next === null && address.cursor === null ? null : (
          <div className="flex justify-end gap-2 border-line border-t px-5 py-3">
            {address.cursor === null ? null : (
              <Button look="quiet" onClick={() => void set({ cursor: null })}>
                Newest
              </Button>
            )}
            {next === null ? null : (
              <Button onClick={() => void set({ cursor: next })}>
                Older records <ArrowRight />
              </Button>
            )}
          </div>
        )}
      </ListPage>
      {address.record === null ? null : (
        <AuditDetail id={address.record} onClose={() => void set({ record: null })} />
      )}
    </>
  );
}

function Export({ question }: { question: AuditQuestion }) {
  const { frame } = useLive();
  return (
    <TakeAwayMenu>
      <Item onSelect={() => window.location.assign(exportUrl(question, 'ndjson'))}>
        All matches as NDJSON
      </Item>
      <Item onSelect={() => window.location.assign(exportUrl(question, 'csv'))}>All matches as CSV</Item>
      <Item
        onSelect={() =>
          void copy(edgeCurl(frame?.edgeUrl ?? NO_EDGE, requestOf(auditOperations.list, question)))
        }
      >
        Copy as curl
      </Item>
    </TakeAwayMenu>
  );
}

function Nothing({ filtered, onReset }: { filtered: boolean; onReset(): void }) {
  if (!filtered)
    return (
      <Notice
        title="Nothing was recorded in this time"
        why="Orders, denials and readings of events appear here as soon as they are given."
      />
    );
  return (
    <Notice title="No record fits" why="Widen the time or take a filter away.">
      <Button onClick={onReset}>Remove all filters</Button>
    </Notice>
  );
}

const HEAD = 'h-9 whitespace-nowrap px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2.5 align-top first:pl-5 last:pr-5';

interface RecordsProps {
  readonly records: readonly AuditRecord[];
  readonly nowMs: number;
  readonly outdated: boolean;
  onOpen(id: string): void;
}

function Records({ records, nowMs, outdated, onOpen }: RecordsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Audit records" className="overflow-x-auto">
      <table className={cn('w-full text-sm transition-opacity', outdated && 'opacity-60')}>
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Time</th>
            <th className={HEAD}>Actor</th>
            <th className={HEAD}>Operation</th>
            <th className={HEAD}>Outcome</th>
            <th className={cn(HEAD, 'max-md:hidden')}>From</th>
            <th className={cn(HEAD, 'max-lg:hidden')}>Reason</th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => (
            <tr key={record.id} className="border-line border-b last:border-b-0 hover:bg-hover">
              <td className={cn(CELL, 'whitespace-nowrap text-soft')}>
                <When ms={Date.parse(record.at)} nowMs={nowMs} />
              </td>
              <td className={cn(CELL, 'max-w-56 truncate')} title={record.actor}>
                {record.actor}
                <span className="block text-faint text-xs">{record.actorKind}</span>
              </td>
              <td className={cn(CELL, 'max-w-72')}>
                <button
                  type="button"
                  onClick={() => onOpen(record.id)}
                  className="block max-w-full truncate text-left font-medium hover:underline"
                >
                  {record.operation}
                </button>
                <span className="block truncate text-faint text-xs" title={record.target}>
                  {record.target === '' ? record.resource : `${record.resource} ${record.target}`}
                </span>
              </td>
              <td className={CELL}>
                <OutcomeBadge outcome={record.outcome} />
                {record.code === null ? null : (
                  <span className="block text-faint text-xs">{record.code}</span>
                )}
              </td>
              <td className={cn(CELL, 'whitespace-nowrap text-soft max-md:hidden')}>
                {record.surface}
                <span className="block text-faint text-xs">{record.address}</span>
              </td>
              <td className={cn(CELL, 'max-w-64 truncate text-soft max-lg:hidden')} title={record.reason}>
                {record.reason}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
