/** What the console says of the effect of settings. */
import type { checkpoints, OutputOf } from '@foreshard/core/operations';
import { formatBytes, formatCount, formatPercent, formatRate } from '../../formatting/numbers.ts';
import { formatDuration, formatMomentShort, type Zone } from '../../formatting/time.ts';

export type Effects = OutputOf<typeof checkpoints.effect>;
type Figures = NonNullable<Effects['saved']>;

interface EffectRow {
  readonly name: string;
  readonly tip: string;
  /** null: not known */
  of(figures: Figures): number | null;
  format(value: number): string;
}

export const EFFECT_ROWS: readonly EffectRow[] = [
  {
    name: 'Checkpoints a day',
    tip: 'Of all shardlets together',
    of: ({ checkpointsPerDay }) => checkpointsPerDay,
    format: formatRate,
  },
  {
    name: 'Stored a day',
    tip: 'By the size of the newest checkpoints',
    of: ({ bytesPerDay }) => bytesPerDay,
    format: formatBytes,
  },
  {
    name: 'Backlog at recovery, p99',
    tip: 'Events of one shardlet that wait when a replacement is ready, for failures at any moment alike',
    of: ({ backlogP99 }) => backlogP99,
    format: formatRate,
  },
  {
    name: 'Largest backlog',
    tip: 'Events of one shardlet, for a failure at the worst moment',
    of: ({ backlogMax }) => backlogMax,
    format: formatRate,
  },
  {
    name: 'Longest recovery',
    tip: 'Restore and replay of one shardlet, with the rates of now',
    of: ({ recoveryMsMax }) => recoveryMsMax,
    format: formatDuration,
  },
  {
    name: 'Out of reach',
    tip: 'Part of the time in which more than the threshold arrived during the restore alone',
    of: ({ outOfReachShare }) => outOfReachShare,
    format: formatPercent,
  },
];

/** Less than this is noise of the replay. */
const SAME_SHARE = 0.01;

/** "none", "-40 %", "3.2 times" */
export function changeWords(before: number, after: number): string {
  if (Math.abs(after - before) <= SAME_SHARE * before) return 'none';
  if (before === 0) return 'new';
  const factor = after / before;
  if (factor >= 2) return `${factor < 10 ? Number(factor.toFixed(1)) : formatCount(factor)} times`;
  return `${factor < 1 ? '−' : '+'}${formatPercent(Math.abs(factor - 1))}`;
}

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** Two digits say that it is not quite all. */
const NEARLY_ALL = 0.995;

/** Of what the replay knows, and of what it does not. */
export function coverageWords(effects: Effects, zone: Zone): string {
  const { fromMs, toMs, replayed, shardlets, forecastShare } = effects;
  const sentences: string[] = [];
  if (fromMs !== null && fromMs > toMs - WEEK_MS + HOUR_MS)
    sentences.push(`No telemetry before ${formatMomentShort(fromMs, toMs, zone)}.`);
  sentences.push(
    replayed === shardlets
      ? `${shardlets === 1 ? 'The only shardlet was' : `All ${formatCount(shardlets)} shardlets were`} replayed.`
      : `${formatCount(replayed)} of ${formatCount(shardlets)} shardlets were replayed: the busiest, and a sample of the others.`,
  );
  if (forecastShare < NEARLY_ALL)
    sentences.push(
      `Forecasts are known for ${formatPercent(forecastShare)} of the time; else the measured rate counts.`,
    );
  return sentences.join(' ');
}
