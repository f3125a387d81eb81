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
      /** the forecast to the right of now */
      ahead: parseAsBoolean.withDefault(true),
      /** the pinned cell: start of its column, and of its row */
      atMs: parseAsInteger,
      at: parseAsString,
      /** another cell, to compare with */
      keptMs: parseAsInteger,
      kept: parseAsString,
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
