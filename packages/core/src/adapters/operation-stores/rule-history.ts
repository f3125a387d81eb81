/**
 * What the rule of checkpoints is replayed over: the arrivals of the last week in steps of five minutes, and the forecasts that
 * were kept. Those of five minutes are kept for two days; before that the hourly ones serve.
 *
 * Of many shardlets a sample is read. Whoever edits settings asks many times in a row, so the answer is kept for a while.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ArrivalForecast, sampledShardlets } from '../../checkpointing/index.ts';
import {
  type ForecastStore,
  loadShardlets,
  type MadeForecast,
  RESOLUTIONS,
  type Resolution,
} from '../../forecast-service/index.ts';
import type { StreamHistory } from '../../operations/handlers/index.ts';
import { HOUR_MS, type TelemetryStore } from '../../telemetry/index.ts';
import type { TopologyMap } from '../../topology/index.ts';

export interface RuleHistorySources {
  readonly telemetry: Pick<TelemetryStore, 'heat'>;
  readonly forecasts: Pick<ForecastStore, 'madeFor'>;
  readonly map: () => TopologyMap;
  readonly nowMs: () => number;
}

const SPAN_MS = 7 * 24 * HOUR_MS;
const { stepMs: STEP_MS } = RESOLUTIONS['5m'];
const STEPS = SPAN_MS / STEP_MS;
/** Two settings over a week of so many take a second of the processor. */
export const REPLAYED_MAX = 24;
/** As far as forecasts of five minutes reach. */
const STEPS_AHEAD = 25;
/** A recovery is over long before the last of these hours; more would only be memory. */
const HOURS_AHEAD = 6;
/** Loads and forecasts of ten thousand shardlets for an hour are some ten megabytes. */
const SHARDLET_HOURS = 12_000;
const HOURS_AT_ONCE_MAX = 6;

/** Undefined: nothing arrived yet that is known. @throws DatabaseUnreachable */
export async function readRuleHistory(
  sources: RuleHistorySources,
  streamId: number,
): Promise<StreamHistory | undefined> {
  const { telemetry, map, nowMs } = sources;
  const toMs = Math.floor(nowMs() / STEP_MS) * STEP_MS;
  const fromMs = toMs - SPAN_MS;
  const hourly = await loadShardlets(telemetry, map(), streamId, '1h', ceilTo(toMs, HOUR_MS), SPAN_MS);
  const loads = hourly.map(({ id: shardlet, loads: each }) => ({ shardlet, events: sumOfKnown(each) }));
  // an hour is known of all of them, or of none
  const firstHour = hourly[0]?.loads.findIndex((one) => !Number.isNaN(one)) ?? -1;
  if (firstHour < 0) return undefined;
  const knownFromMs = Math.max(fromMs, ceilTo(toMs, HOUR_MS) - SPAN_MS + firstHour * HOUR_MS);
  const sample = sampledShardlets(loads, REPLAYED_MAX);
  const hoursAtOnce = Math.max(1, Math.min(HOURS_AT_ONCE_MAX, Math.floor(SHARDLET_HOURS / loads.length)));
  const reading = new HistoryReading(sources, streamId, fromMs, sample);
  for (let atMs = knownFromMs; atMs < toMs; atMs += hoursAtOnce * HOUR_MS) {
    await reading.read(atMs, Math.min(toMs, atMs + hoursAtOnce * HOUR_MS));
    await nextTurn();
  }
  return { fromMs, stepMs: STEP_MS, shardlets: reading.shardlets(), all: loads.length };
}

class HistoryReading {
  private readonly sources: RuleHistorySources;
  private readonly streamId: number;
  private readonly fromMs: number;
  private readonly arrivals: ReadonlyMap<number, Float64Array>;
  private readonly sample: readonly { readonly shardlet: number; readonly weight: number }[];
  private readonly made: Readonly<Record<Resolution, MadeForecast[]>> = { '5m': [], '1h': [] };

  constructor(
    sources: RuleHistorySources,
    streamId: number,
    fromMs: number,
    sample: HistoryReading['sample'],
  ) {
    [this.sources, this.streamId, this.fromMs, this.sample] = [sources, streamId, fromMs, sample];
    this.arrivals = new Map(
      sample.map(({ shardlet }) => [shardlet, new Float64Array(STEPS).fill(Number.NaN)]),
    );
  }

  async read(fromMs: number, toMs: number): Promise<void> {
    const { telemetry, forecasts, map } = this.sources;
    const loads = await loadShardlets(telemetry, map(), this.streamId, '5m', toMs, toMs - fromMs);
    const first = (fromMs - this.fromMs) / STEP_MS;
    for (const { id, loads: each } of loads) this.arrivals.get(id)?.set(each, first);
    const shardlets = [...this.arrivals.keys()];
    for (const [resolution, steps] of [
      ['5m', STEPS_AHEAD],
      ['1h', HOURS_AHEAD],
    ] as const) {
      // one of before the first step may reach into it
      const startMs = this.made[resolution].length === 0 ? fromMs - RESOLUTIONS[resolution].stepMs : fromMs;
      const query = { streamId: this.streamId, resolution, shardlets, fromMs: startMs, toMs, steps };
      this.made[resolution].push(...(await forecasts.madeFor(query)));
    }
  }

  shardlets(): StreamHistory['shardlets'] {
    const newest = { '5m': this.newestAt('5m'), '1h': this.newestAt('1h') };
    return this.sample.map(({ shardlet, weight }) => ({
      ...{ shardlet, weight, arrivals: this.arrivals.get(shardlet)! },
      forecasts: Array.from({ length: STEPS }, (_, step) =>
        forecastOf(newest['5m'][step] ?? newest['1h'][step], shardlet),
      ),
    }));
  }

  /** The newest one at the begin of each step that reaches beyond it. */
  private newestAt(resolution: Resolution): (MadeForecast | undefined)[] {
    const made = this.made[resolution];
    let next = 0;
    return Array.from({ length: STEPS }, (_, step) => {
      const atMs = this.fromMs + step * STEP_MS;
      while (next < made.length && made[next]!.fromMs <= atMs) next++;
      const newest = made[next - 1];
      return newest !== undefined && atMs < endMs(newest) ? newest : undefined;
    });
  }
}

function endMs({ fromMs, stepMs, events }: MadeForecast): number {
  const [steps] = events.values();
  return fromMs + (steps?.length ?? 0) * stepMs;
}

function forecastOf(made: MadeForecast | undefined, shardlet: number): ArrivalForecast | undefined {
  const eventsPerStep = made?.events.get(shardlet);
  return made && eventsPerStep && { fromMs: made.fromMs, stepMs: made.stepMs, eventsPerStep };
}

function sumOfKnown(loads: Float64Array): number {
  return loads.reduce((sum, one) => sum + (Number.isNaN(one) ? 0 : one), 0);
}

function ceilTo(ms: number, stepMs: number): number {
  return Math.ceil(ms / stepMs) * stepMs;
}

/** As long as a step: then there is a newer one to tell of. */
const REMEMBERED_MS = STEP_MS;
const STREAMS_REMEMBERED = 4;

/** Asked many times in a row, it reads once. */
export function rememberedHistory(
  sources: RuleHistorySources,
): (streamId: number) => Promise<StreamHistory | undefined> {
  const known = new Map<
    number,
    { readonly atMs: number; readonly read: ReturnType<typeof readRuleHistory> }
  >();
  return (streamId) => {
    const before = known.get(streamId);
    if (before !== undefined && sources.nowMs() - before.atMs < REMEMBERED_MS) return before.read;
    known.delete(streamId);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= STREAMS_REMEMBERED) known.delete(oldest);
    const read = readRuleHistory(sources, streamId);
    known.set(streamId, { atMs: sources.nowMs(), read });
    const forget = () => void known.delete(streamId);
    // what failed, or had nothing yet, is looked for again
    read.then((found) => found === undefined && forget(), forget);
    return read;
  };
}
