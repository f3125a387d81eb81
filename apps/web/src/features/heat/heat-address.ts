'use client';

/** Everything the heat map shows is in the address: a view is a link, and Back goes one step out. */
import {
  parseAsBoolean,
  parseAsFloat,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from 'nuqs';
import { useEffect, useState } from 'react';
import { SHOWN_METRICS } from '../../server/heat/heat-query.ts';
import { PALETTES, SCALES } from './colour-scale.ts';
import type { PartAddress } from './heat-part.ts';

export const SPANS = { '1h': 1, '6h': 6, '24h': 24, '7d': 168, '30d': 720 } as const;
export type Span = keyof typeof SPANS;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/**
 * How far a live picture looks ahead: to a third of its span and a day at most, which is as far as forecasts reach.
 * A day of minutes gets two hours: with more it would have to be made of hours.
 */
const AHEAD_HOURS = { '1h': 1 / 3, '6h': 2, '24h': 2, '7d': 24, '30d': 24 } as const satisfies Record<
  Span,
  number
>;
/** Longer pictures are made of hours: what a minute brings is not seen, and they are expensive to make. */
const HOURS_OF_MINUTES = 26;
const LONG_STEP_MS = 5 * MINUTE_MS;
/** The last minute is told when it is over, and some seconds later. */
const LIVE_STEP_MS = 15_000;

export function useHeatAddress() {
  return useQueryStates(
    {
      stream: parseAsString,
      metric: parseAsStringLiteral(SHOWN_METRICS).withDefault('events'),
      span: parseAsStringLiteral(Object.keys(SPANS) as Span[]).withDefault('6h'),
      /** both: a time that stands still; neither: the span up to now */
      from: parseAsInteger,
      to: parseAsInteger,
      /** positions in hex */
      low: parseAsString,
      high: parseAsString,
      shard: parseAsInteger,
      scale: parseAsStringLiteral(SCALES).withDefault('auto'),
      /** upper end of a locked scale, and where its outliers begin */
      max: parseAsFloat,
      knee: parseAsFloat,
      bright: parseAsFloat.withDefault(0.5),
      palette: parseAsStringLiteral(PALETTES).withDefault('cividis'),
      week: parseAsBoolean.withDefault(false),
      marks: parseAsBoolean.withDefault(true),
      /** what people remarked */
      notes: parseAsBoolean.withDefault(true),
      /** the forecast to the right of now */
      ahead: parseAsBoolean.withDefault(true),
      /** what is pinned: start of its time, and of its keys */
      atMs: parseAsInteger,
      at: parseAsString,
      /** the ends of both, where it is more than one cell */
      untilMs: parseAsInteger,
      upTo: parseAsString,
      /** what it is compared with, likewise */
      keptMs: parseAsInteger,
      kept: parseAsString,
      keptUntilMs: parseAsInteger,
      keptUpTo: parseAsString,
    },
    { history: 'replace' },
  );
}
export type HeatAddress = ReturnType<typeof useHeatAddress>[0];
export type SetHeatAddress = ReturnType<typeof useHeatAddress>[1];

export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isLive: boolean;
}

/** The time asked for; a live one moves on with the clock, in steps. */
export function useTimeWindow({ span, from, to, ahead, metric }: HeatAddress): TimeWindow {
  const stands = from !== null && to !== null && to - from >= MINUTE_MS;
  const endMs = useLiveEnd(!stands, SPANS[span] > HOURS_OF_MINUTES ? LONG_STEP_MS : MINUTE_MS);
  if (stands) return { fromMs: from, toMs: to, isLive: false };
  const aheadMs = ahead && (metric === 'events' || metric === 'forecast') ? AHEAD_HOURS[span] * HOUR_MS : 0;
  return { fromMs: endMs - SPANS[span] * HOUR_MS, toMs: endMs + aheadMs, isLive: true };
}

function useLiveEnd(isLive: boolean, stepMs: number): number {
  const [endMs, setEndMs] = useState(() => liveEndMs(stepMs));
  useEffect(() => {
    if (!isLive) return;
    setEndMs(liveEndMs(stepMs));
    const timer = setInterval(() => setEndMs(liveEndMs(stepMs)), LIVE_STEP_MS);
    return () => clearInterval(timer);
  }, [isLive, stepMs]);
  return endMs;
}

function liveEndMs(stepMs: number): number {
  return Math.ceil(Date.now() / stepMs) * stepMs;
}

export const NOT_PINNED = { atMs: null, at: null, untilMs: null, upTo: null };
export const NOT_KEPT = { keptMs: null, kept: null, keptUntilMs: null, keptUpTo: null };

/** What is pinned becomes what the next one is compared with. */
export function keptOf({ atMs, at, untilMs, upTo }: HeatAddress) {
  return { keptMs: atMs, kept: at, keptUntilMs: untilMs, keptUpTo: upTo };
}

export function keptAddress({ keptMs, kept, keptUntilMs, keptUpTo }: HeatAddress): PartAddress {
  return { atMs: keptMs, at: kept, untilMs: keptUntilMs, upTo: keptUpTo };
}
