'use client';

/** The checkpoints of one group, filtered by shardlet, with what can be done about each. */
import { checkpoints, requestOf } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { parseAsInteger, useQueryState } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { edgeCurl, NO_EDGE } from '../../components/edge-curl.tsx';
import { Fact } from '../../components/fact.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { TakeAway } from '../../components/take-away.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes, formatCount, formatCounted } from '../../formatting/numbers.ts';
import { formatAgo, formatDuration } from '../../formatting/time.ts';
import { CheckpointActions } from './checkpoint-actions.tsx';
import { type CheckpointRow, reasonWords, standingOf } from './checkpoint-words.ts';

const SHOWN = 200;
const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2.5 align-top first:pl-5 last:pr-5';

export function CheckpointList({ group, stream }: { group: string; stream: string | null }) {
  const trpc = useTRPC();
  const { status, frame } = useLive();
  const [shardlet, setShardlet] = useQueryState('shardlet', parseAsInteger);
  const input = { group, limit: SHOWN, ...(shardlet === null ? {} : { shardlet }) };
  const list = useQuery({
    ...trpc.operations.checkpoints.list.queryOptions(input),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  if (list.data === undefined && list.error !== null)
    return (
      <Unreadable
        title="The checkpoints could not be read"
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    );
  const rows = list.data?.checkpoints;
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-3 px-5 pb-4">
        <div className="w-40">
          <Field
            label="Shardlet"
            inputMode="numeric"
            placeholder="all"
            value={shardlet ?? ''}
            onChange={({ target }) => void setShardlet(idOf(target.value))}
          />
        </div>
        {rows === undefined ? null : <Totals rows={rows} />}
        <TakeAway
          name={`checkpoints-${group}`}
          rows={(rows ?? []) as unknown as readonly Record<string, unknown>[]}
          curl={() => edgeCurl(frame?.edgeUrl ?? NO_EDGE, requestOf(checkpoints.list, input))}
        />
      </div>
      {list.error === null ? null : (
        <p role="alert" className="px-5 pb-2 text-sm text-warn">
          Not refreshed: {list.error.message}
        </p>
      )}
      {rows === undefined ? (
        <Loading className="mx-5 mb-5 h-40" />
      ) : rows.length === 0 ? (
        <p className="border-line border-t px-5 py-8 text-center text-soft text-sm">
          {shardlet === null
            ? 'No checkpoint yet. Members take the first one when it is due, when they are stopped, or when a shardlet leaves them. Until then a replacement replays from the beginning.'
            : `No checkpoint of shardlet ${shardlet} is kept.`}
        </p>
      ) : (
        <Rows rows={rows} on={{ group, stream }} />
      )}
      {rows?.length === SHOWN ? (
        <p className="border-line border-t px-5 py-3 text-faint text-xs">
          The newest {formatCount(SHOWN)} are shown. Choose a shardlet to see older ones of it.
        </p>
      ) : null}
    </>
  );
}

/** Null: every shardlet. */
function idOf(text: string): number | null {
  const id = Number(text);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

function Totals({ rows }: { rows: readonly CheckpointRow[] }) {
  const valid = rows.filter(({ state }) => state === 'valid');
  const newestMs = Math.max(...valid.map(({ validAtMs }) => validAtMs ?? 0));
  const damaged = valid.filter(({ verifyError }) => verifyError !== null).length;
  return (
    <dl className="mr-auto flex flex-wrap gap-x-8 gap-y-3 text-sm">
      <Fact name="Valid">{formatCount(valid.length)}</Fact>
      <Fact name="Shardlets">{formatCount(new Set(valid.map((row) => row.shardlet)).size)}</Fact>
      <Fact name="Size">{formatBytes(valid.reduce((sum, { bytes }) => sum + bytes, 0))}</Fact>
      <Fact name="Newest">{valid.length === 0 ? 'none' : formatAgo(Date.now() - newestMs)}</Fact>
      {damaged === 0 ? null : (
        <Fact name="Damaged">
          <span className="text-bad">{formatCount(damaged)}</span>
        </Fact>
      )}
    </dl>
  );
}

interface RowsProps {
  readonly rows: readonly CheckpointRow[];
  readonly on: { readonly group: string; readonly stream: string | null };
}

function Rows({ rows, on }: RowsProps) {
  const nowMs = Date.now();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Checkpoints of the group" className="relative overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Shardlet</th>
            <th className={HEAD}>Taken</th>
            <th className={cn(HEAD, 'max-md:hidden')}>Why</th>
            <th className={cn(HEAD, 'text-right')}>Size</th>
            <th className={HEAD}>State</th>
            <th className={HEAD}>
              <span className="sr-only">Orders</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} className="border-line border-b last:border-b-0 hover:bg-hover/60">
              <td className={CELL}>
                <span className="font-mono text-xs">{row.shardlet}</span>
                <span className="tabular block text-faint text-xs">up to seq {formatCount(row.seq)}</span>
              </td>
              <td className={cn(CELL, 'whitespace-nowrap')}>
                <When ms={row.createdAtMs} nowMs={nowMs} />
                <span className="block max-w-40 truncate text-faint text-xs" title={row.member}>
                  {row.member}
                </span>
              </td>
              <td className={cn(CELL, 'min-w-40 text-soft max-md:hidden')}>
                {reasonWords(row.reason)}
                <span className="block text-faint text-xs">handler version {row.handlerVersion}</span>
              </td>
              <td className={cn(CELL, 'tabular whitespace-nowrap text-right')}>
                {formatBytes(row.bytes)}
                <span className="block text-faint text-xs">
                  {formatCounted(row.keys, 'key')}
                  {row.base === null ? '' : ', changes only'}
                </span>
              </td>
              <td className={CELL}>
                <State row={row} />
              </td>
              <td className={cn(CELL, 'text-right')}>
                <CheckpointActions row={row} on={on} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function State({ row }: { row: CheckpointRow }) {
  const { tone, text, tip } = standingOf(row);
  return (
    <>
      <Badge tone={tone} tip={tip}>
        {text}
      </Badge>
      {row.tookMs === null ? null : (
        <span className="mt-1 block text-faint text-xs">took {formatDuration(row.tookMs)}</span>
      )}
    </>
  );
}
