'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowRight, Download, Radio, RotateCw } from 'lucide-react';
import Link from 'next/link';
import { DropdownMenu } from 'radix-ui';
import { useMemo, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { copy, Item, quoted } from '../../components/take-away.tsx';
import { Button } from '../../components/ui/button.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import type { EventFilter } from '../../server/events/event-query.ts';
import { ListPage } from '../list-page.tsx';
import { exportUrl, filterOf, useEventAddress } from './event-address.ts';
import { EventFilters } from './event-filters.tsx';
import { EventTable } from './event-table.tsx';
import { Gaps } from './gaps.tsx';
import { LiveTail } from './live-tail.tsx';

const PAGE_SIZE = 50;
const RETRY_MS = 5_000;

export function EventsPage() {
  const trpc = useTRPC();
  const { nowMs } = useLive();
  const [address, set] = useEventAddress();
  // "the last hour" is fixed when it is asked for, so that the pages after the first begin where it ended
  const [askedMs, setAskedMs] = useState(() => Date.now());
  const filter = useMemo(() => filterOf(address, askedMs), [address, askedMs]);
  const page = useQuery({
    ...trpc.events.page.queryOptions({ ...filter, cursor: address.cursor, limit: PAGE_SIZE }),
    enabled: !address.live,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    refetchInterval: (query) => (query.state.status === 'error' ? RETRY_MS : false),
  });
  function look() {
    setAskedMs(Date.now());
    void set({ cursor: null });
  }
  const found = page.data;
  return (
    <ListPage
      error={!address.live && page.isError ? page.error : null}
      loading={!address.live && page.isPending}
      onRetry={() => void page.refetch()}
      head={
        <div className="grid gap-4">
          <EventFilters
            address={address}
            onChange={(change) => {
              setAskedMs(Date.now());
              void set({ ...change, cursor: null });
            }}
          />
          <div className="flex flex-wrap items-center gap-2">
            <Button
              look={address.live ? 'primary' : 'secondary'}
              aria-pressed={address.live}
              onClick={() => void set({ live: address.live ? null : true, cursor: null })}
            >
              <Radio /> {address.live ? 'Stop following' : 'Follow'}
            </Button>
            <Button look="quiet" onClick={look} disabled={address.live}>
              <RotateCw /> Again
            </Button>
            <ExportMenu filter={filter} call={found?.call} />
            <p role="status" className="tabular ml-auto text-soft text-sm">
              {found === undefined || address.live
                ? ''
                : `${formatCount(found.events.length)} shown of ${formatCount(found.scanned)} looked at`}
              {found !== undefined && found.waitingFor.length > 0
                ? `. Host ${found.waitingFor.join(', ')} does not answer: its events are missing`
                : ''}
            </p>
          </div>
        </div>
      }
    >
      {address.live ? null : <Gaps gaps={found?.gaps ?? []} />}
      {address.live ? (
        <LiveTail filter={filter} />
      ) : found === undefined || found.events.length === 0 ? (
        <NoEvents
          filter={filter}
          next={found?.next ?? null}
          atHead={found?.atHead ?? true}
          waitingFor={found?.waitingFor ?? []}
        />
      ) : (
        <EventTable rows={found.events} nowMs={nowMs} label="Events" />
      )}
      {address.live || found === undefined || found.next === null || found.atHead ? null : (
        <div className="flex justify-end gap-2 border-line border-t px-5 py-3">
          <Button onClick={() => void set({ cursor: found.next })}>
            Later events <ArrowRight />
          </Button>
        </div>
      )}
      {!address.live && found?.atHead === true && found.events.length > 0 ? (
        <p className="border-line border-t px-5 py-3 text-center text-faint text-xs">
          {found.waitingFor.length === 0
            ? 'That is everything up to now. “Follow” shows what comes.'
            : `More may be stored: ${found.waitingFor.join(', ')} does not answer.`}
        </p>
      ) : null}
    </ListPage>
  );
}

function ExportMenu({ filter, call }: { filter: EventFilter; call: string | undefined }) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button>
          <Download /> Export all
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          sideOffset={6}
          className="z-50 min-w-52 animate-fade rounded-md border border-line bg-surface p-1 shadow-raised"
        >
          <Item onSelect={() => window.location.assign(exportUrl(filter, 'ndjson'))}>
            All matches as NDJSON
          </Item>
          <Item onSelect={() => window.location.assign(exportUrl(filter, 'csv'))}>All matches as CSV</Item>
          {call === undefined ? null : (
            <Item onSelect={() => void copy(edgeCurl(call))}>Copy the edge call as curl</Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** The token stays in its file: the console never sends it to a browser. */
function edgeCurl(call: string): string {
  return `curl -s -H "Authorization: Bearer $TOKEN" ${quoted(call)}`;
}

interface NoEventsProps {
  readonly filter: EventFilter;
  readonly next: string | null;
  readonly atHead: boolean;
  readonly waitingFor: readonly string[];
}

function NoEvents({ filter, next, atHead, waitingFor }: NoEventsProps) {
  if (waitingFor.length > 0)
    return (
      <div className="border-line border-t">
        <Notice
          tone="bad"
          title={`Waiting for ${waitingFor.join(', ')}`}
          why="The log has one order over all hosts, so it goes on when each of them answers. Events of one key on other hosts can be read: give a key."
        />
      </div>
    );
  const isBounded = filter.since !== null || filter.until !== null;
  return (
    <div className="border-line border-t">
      <Notice
        title={atHead || next === null ? 'No event fits' : 'None among those looked at'}
        why={
          atHead || next === null
            ? 'Nothing that is stored in this time fits all filters. The log is read from the chosen time on.'
            : 'A look is bounded, so that it does not take long. Go on with “Later events”.'
        }
      >
        {isBounded ? (
          <Link
            href={`/events?stream=${encodeURIComponent(filter.stream)}&back=oldest`}
            className="font-medium text-accent underline-offset-4 hover:underline"
          >
            Look from the oldest event of {filter.stream}
          </Link>
        ) : null}
      </Notice>
    </div>
  );
}
