'use client';

/** What people expect: a calendar, the list with what hints were worth, and the way to add and take back. */
import { hints as hintOrders } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, Plus, Trash2 } from 'lucide-react';
import { parseAsBoolean, parseAsInteger, useQueryStates } from 'nuqs';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatMoment } from '../../formatting/time.ts';
import { AddHint } from './add-hint.tsx';
import { HintEffect } from './hint-effect.tsx';
import { monthOf } from './month.ts';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MINUTE_MS = 60_000;

export function HintsPage() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { zone } = useZone();
  const [{ month, removed }, set] = useQueryStates({
    month: parseAsInteger.withDefault(0),
    removed: parseAsBoolean.withDefault(false),
  });
  // equal within a minute, so that the question stays the same
  const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const ianaZone = zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { title, days } = monthOf(nowMs, month, ianaZone);
  const span = { fromMs: days[0]!.fromMs, toMs: days.at(-1)!.toMs };
  const hints = useQuery(trpc.hints.list.queryOptions({ ...span, withRemoved: removed }));
  const refresh = () => client.invalidateQueries();
  const restore = useMutation(trpc.operations.hints.restore.mutationOptions({ onSuccess: refresh }));
  const remove = useMutation(
    trpc.operations.hints.remove.mutationOptions({
      onSuccess: async (_, { id }) => {
        toast.success('The hint was removed', {
          action: { label: 'Undo', onClick: () => restore.mutate({ id }) },
        });
        await refresh();
      },
      onError: (error) => toast.error(error.message),
    }),
  );
  const list = hints.data ?? [];
  return (
    <div className="grid gap-5">
      <Card aria-labelledby="month-title" className="overflow-hidden">
        <CardHead id="month-title" title={title} hint={`days of ${ianaZone}`}>
          <div className="flex gap-2">
            <Button size="icon" aria-label="Month before" onClick={() => void set({ month: month - 1 })}>
              <ChevronLeft />
            </Button>
            <Button onClick={() => void set({ month: 0 })}>Today</Button>
            <Button size="icon" aria-label="Month after" onClick={() => void set({ month: month + 1 })}>
              <ChevronRight />
            </Button>
            <AddHint>
              <MayButton may={hintOrders.add} look="primary">
                <Plus /> New hint
              </MayButton>
            </AddHint>
          </div>
        </CardHead>
        <div className="grid grid-cols-7 border-line border-t text-xs">
          {WEEKDAYS.map((day) => (
            <div key={day} className="px-2 py-1.5 text-faint">
              {day}
            </div>
          ))}
          {days.map(({ fromMs, toMs, day, isInMonth }) => (
            <div
              key={fromMs}
              className={`min-h-20 border-line border-t p-1.5 ${nowMs >= fromMs && nowMs < toMs ? 'bg-accent-soft' : ''}`}
            >
              <p className={`tabular ${isInMonth ? 'text-soft' : 'text-faint'}`}>
                {isInMonth ? day : <span className="text-2xs">{day}</span>}
              </p>
              {list
                .filter(
                  (hint) =>
                    hint.removedMs === null &&
                    hint.occurrences.some((o) => o.fromMs < toMs && o.toMs > fromMs),
                )
                .map((hint) => (
                  <p
                    key={hint.id}
                    title={hint.because}
                    className="mt-1 truncate rounded bg-hover px-1.5 py-0.5"
                  >
                    {amountOf(hint)} {hint.because}
                  </p>
                ))}
            </div>
          ))}
        </div>
      </Card>
      <Card aria-labelledby="list-title" className="overflow-hidden">
        <CardHead id="list-title" title="All hints" hint="and what they were worth">
          <label className="flex items-center gap-2 text-sm">
            <input
              type="checkbox"
              checked={removed}
              onChange={(e) => void set({ removed: e.target.checked })}
              className="size-4 accent-(--accent)"
            />
            Show removed
          </label>
        </CardHead>
        {hints.error !== null ? (
          <Notice tone="bad" title="The hints could not be read" why={hints.error.message} />
        ) : hints.data === undefined ? (
          <Loading className="m-5 h-24" />
        ) : list.length === 0 ? (
          <Notice
            title="No hint yet"
            why="When you know of a sale, a campaign or a maintenance, say so: forecasts count it from that moment."
          />
        ) : (
          <ul>
            {list.map((hint) => (
              <li
                key={hint.id}
                className="flex flex-wrap items-start justify-between gap-3 border-line border-t px-5 py-3"
              >
                <div className="min-w-0">
                  <p className="text-sm font-medium">
                    {amountOf(hint)} {hint.because} {hint.removedMs === null ? null : <Badge>removed</Badge>}
                  </p>
                  <p className="text-xs text-soft">
                    {hint.stream}, {formatMoment(hint.fromMs, zone)} to {formatMoment(hint.toMs, zone)}
                    {hint.repeat === null ? '' : `, every ${hint.repeat.every} (${hint.repeat.zone})`}
                    {scopeText(hint.scope)}
                  </p>
                  <p className="text-xs text-faint">
                    by {hint.createdBy}, {formatMoment(hint.createdMs, zone)}
                    {hint.removedMs === null
                      ? ''
                      : `; removed by ${hint.removedBy}, ${formatMoment(hint.removedMs, zone)}`}
                  </p>
                  {hint.fromMs < nowMs ? <HintEffect id={hint.id} /> : null}
                </div>
                {hint.removedMs === null ? (
                  <MayButton
                    may={hintOrders.remove}
                    look="quiet"
                    size="icon"
                    aria-label={`Remove ${hint.because}`}
                    onClick={() => remove.mutate({ id: hint.id })}
                  >
                    <Trash2 />
                  </MayButton>
                ) : (
                  <MayButton may={hintOrders.restore} onClick={() => restore.mutate({ id: hint.id })}>
                    Put back
                  </MayButton>
                )}
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}

function amountOf({ factor, perSecond }: { factor: number | null; perSecond: number | null }): string {
  return factor === null ? `${perSecond}/s` : `×${factor}`;
}

function scopeText(scope: {
  keys?: string[] | undefined;
  types?: string[] | undefined;
  shards?: number[] | undefined;
}): string {
  const parts = [
    ...(scope.keys === undefined ? [] : [`keys ${scope.keys.join(', ')}`]),
    ...(scope.types === undefined ? [] : [`types ${scope.types.join(', ')}`]),
    ...(scope.shards === undefined ? [] : [`shards ${scope.shards.join(', ')}`]),
  ];
  return parts.length === 0 ? '' : `; only ${parts.join('; ')}`;
}
