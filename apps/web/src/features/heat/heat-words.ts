/** How the heat map speaks: names, units, and what a pattern asks for. */
import type { LoadPattern, Stretch } from '@foreshard/core/telemetry';
import { formatBytes, formatCount, formatPercent, formatRate } from '../../formatting/numbers.ts';
import { formatDuration, formatMoment, type Zone } from '../../formatting/time.ts';
import type { ShownMetric } from '../../server/heat/heat-query.ts';
import { columnStartMs, type HeatCells, valueAt } from './heat-cells.ts';
import type { Cell } from './heat-plot.tsx';
import { keysOf, keyWords, partWords, shardWords } from './key-names.ts';

export const METRIC_TITLES: Readonly<Record<ShownMetric, string>> = {
  events: 'Events',
  bytes: 'Bytes',
  reads: 'Reads',
  errors: 'Errors',
  p50: 'p50',
  p99: 'p99',
  distinctKeys: 'Keys',
  forecast: 'Forecast',
  residual: 'Residual',
};

/** A value with its unit: "1,204 events/s", "3.2 ms", "not known" */
export function formatValue(metric: ShownMetric, value: number): string {
  if (Number.isNaN(value)) return 'not known';
  switch (metric) {
    case 'bytes':
      return `${formatBytes(value)}/s`;
    case 'p50':
    case 'p99':
      return formatMicros(value);
    case 'distinctKeys':
      return `${formatRate(value)} keys`;
    case 'residual':
      return `${value === 0 ? '' : value > 0 ? '+' : '−'}${formatPerTime(Math.abs(value), COUNTED.events)}`;
    default:
      return formatPerTime(value, COUNTED[metric]);
  }
}

const COUNTED = { events: 'events', forecast: 'events', reads: 'events read', errors: 'refused' } as const;

/** Little load is told by the hour: "12 events/h" says more than "<0.1 events/s". */
function formatPerTime(perSecond: number, counted: string): string {
  if (perSecond === 0 || perSecond >= 0.1) return `${formatRate(perSecond)} ${counted}/s`;
  return `${formatRate(perSecond * SECONDS_PER_HOUR)} ${counted}/h`;
}

const SECONDS_PER_HOUR = 3_600;

/** The ends and steps of a legend, all in the unit of its upper end: "0", "3", "≥ 10 events/h". */
export function legendTexts(metric: ShownMetric, values: readonly number[]): string[] {
  const top = values.at(-1)!;
  const isCount = metric in COUNTED || metric === 'residual';
  const isPerHour = top > 0 && top < 0.1 && isCount;
  const factor = isPerHour ? SECONDS_PER_HOUR : 1;
  return values.map((value, i) => {
    if (i === values.length - 1) return `≥ ${formatValue(metric, value)}`;
    if (i === 0 && metric === 'residual') return `≤ −${formatRate(-value * factor)}`;
    if (value < 0) return `−${formatRate(-value * factor)}`;
    if (isCount || metric === 'distinctKeys') return formatRate(value * factor);
    return formatValue(metric, value).replace(/\/s$/, '');
  });
}

function formatMicros(micros: number): string {
  if (micros < 1_000) return `${Math.round(micros)}\u00a0µs`;
  if (micros < 1e6) return `${Number((micros / 1_000).toPrecision(3))}\u00a0ms`;
  return `${Number((micros / 1e6).toPrecision(3))}\u00a0s`;
}

export interface CellWords {
  readonly value: string;
  readonly when: string;
  readonly where: string;
}

/** What one cell says; what has passed is never called a forecast. */
export function cellWords(cells: HeatCells, { column, row: at }: Cell, zone: Zone): CellWords {
  const startMs = columnStartMs(cells, column);
  const row = cells.rows[at]!;
  const isAhead = startMs >= cells.nowMs || (cells.forecastFrom !== null && column >= cells.forecastFrom);
  const value = formatValue(cells.metric, valueAt(cells, column, at));
  const keys =
    row.keys.length > 0
      ? `hottest: ${keyWords(row.keys)}`
      : `no key sampled, ${partWords(cells.rows, { top: at, bottom: at + 1 })}`;
  const shard =
    row.shard === null ? '' : `shard ${row.shard}${row.owner === null ? '' : ` on ${row.owner}`}, `;
  return {
    value: isAhead ? `forecast ${value}` : value,
    when: formatMoment(startMs, zone),
    where: `${shard}${keys}`,
  };
}

interface PatternWords {
  readonly title: string;
  readonly why: string;
  readonly remedy: string;
}

export function patternWords(pattern: LoadPattern, cells: HeatCells, zone: Zone): PatternWords {
  const share = pattern.share === undefined ? '' : formatPercent(pattern.share);
  const times = pattern.times === undefined ? '' : `${formatCount(Number(pattern.times.toPrecision(2)))}×`;
  const where = pattern.rows === undefined ? '' : rangeWords(cells, pattern.rows);
  switch (pattern.kind) {
    case 'hotKey':
      return {
        title: 'A single hot key',
        why: `${share} of the load lies in ${where}, ${times} its even share, and most of it is one key.`,
        remedy:
          'A split beside the key does not help. Split below the key where the stream allows it, or spread the key.',
      };
    case 'hotRange':
      return {
        title: 'A hot range',
        why: `${share} of the load lies in ${where}, ${times} its even share.`,
        remedy: 'Split the range where its load halves, then move one half to a host with room.',
      };
    case 'sequential':
      return {
        title: 'Sequential keys',
        why: `The hottest place wanders through ${where}: keys that count up are written one after another.`,
        remedy: 'Splitting follows too late. Put something that varies first into the partition key.',
      };
    case 'burst':
      return {
        title: 'A burst',
        why: `${times} the usual load${timeWords(pattern, cells, zone)}.`,
        remedy: 'If it was expected, announce the next one as a hint, so that room is made before it comes.',
      };
    case 'growing':
      return {
        title: 'Growing load',
        why: `It ends ${times} as high as it starts.`,
        remedy: 'See the forecast for when a host is full, and split or add hosts before that.',
      };
    case 'periodic':
      return {
        title: 'Periodic load',
        why: `It comes back about every ${formatDuration(pattern.periodMs ?? 0)}.`,
        remedy: 'Good to forecast: restructure in the trough, before the next peak.',
      };
    case 'even':
      return {
        title: 'Even load',
        why: 'No range, no key and no time stands out.',
        remedy: 'Nothing to do.',
      };
  }
}

/** By its shards, and by its keys where some were sampled. */
function rangeWords({ rows }: HeatCells, { first, last }: Stretch): string {
  const span = { top: first, bottom: last + 1 };
  const place = shardWords(rows, span) || partWords(rows, span);
  const keys = keyWords(keysOf(rows, span));
  return keys === undefined ? place : `${place} (${keys})`;
}

function timeWords({ columns }: LoadPattern, cells: HeatCells, zone: Zone): string {
  if (columns === undefined) return '';
  const lasted = (columns.last - columns.first + 1) * cells.columnMs;
  return ` at ${formatMoment(columnStartMs(cells, columns.first), zone)}, for ${formatDuration(lasted)}`;
}

/** What was merged to fit the screen; empty when nothing was. */
export function mergingWords({ level, stepsPerColumn, segmentsPerRow }: HeatCells): string {
  const step = level === 'minute' ? 'minutes' : 'hours';
  const parts = [
    ...(stepsPerColumn > 1 ? [`${stepsPerColumn} ${step} a column`] : []),
    ...(segmentsPerRow > 1 ? [`up to ${segmentsPerRow} ranges a row`] : []),
  ];
  return parts.length === 0 ? '' : `Merged to fit: ${parts.join(', ')}.`;
}
