'use client';

/** What the events page shows, all of it in the address. */
import { parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import type { EventFilter } from '../../server/events/event-query.ts';

const MINUTE_MS = 60_000;
/** How far back to begin; the log is read forwards from there. */
export const BACK = { '5m': 5, '15m': 15, '1h': 60, '24h': 1_440 } as const;
export const BACK_CHOICES = ['5m', '15m', '1h', '24h', 'oldest', 'set'] as const;
export type Back = (typeof BACK_CHOICES)[number];

export function useEventAddress() {
  return useQueryStates(
    {
      stream: parseAsString.withDefault('main'),
      key: parseAsString,
      type: parseAsString,
      source: parseAsString,
      shardlet: parseAsInteger,
      low: parseAsString,
      high: parseAsString,
      back: parseAsStringLiteral(BACK_CHOICES).withDefault('15m'),
      /** with back=set */
      since: parseAsString,
      until: parseAsString,
      cursor: parseAsString,
      live: parseAsBoolean.withDefault(false),
    },
    { history: 'push' },
  );
}
export type EventAddress = ReturnType<typeof useEventAddress>[0];

export function filterOf(address: EventAddress, nowMs: number): EventFilter {
  const { stream, key, type, source, shardlet, low, high, back, since, until } = address;
  const start =
    back === 'oldest'
      ? null
      : back === 'set'
        ? since
        : new Date(nowMs - BACK[back] * MINUTE_MS).toISOString();
  return {
    stream,
    key,
    type,
    source,
    shardlet,
    low,
    high,
    since: start,
    until: back === 'set' ? until : null,
  };
}

export function exportUrl(filter: EventFilter, format: 'ndjson' | 'csv'): string {
  const params = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(filter)) if (value !== null) params.set(name, String(value));
  return `/api/events/export?${params}`;
}
