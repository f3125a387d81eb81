/** Prints the forecast of a stream or shardlet as rows or JSON, hints included. */
import { ForecastStore, RESOLUTIONS, type Resolution } from '@foreshard/core/forecast-service';
import { TelemetryStore } from '@foreshard/core/telemetry';
import { TopologyMap } from '@foreshard/core/topology';
import type { Control } from '../composition.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { printRows } from '../table.ts';

export interface ShowFlags {
  readonly stream: string;
  /** undefined: steps of an hour, or of five minutes while there are none */
  readonly resolution?: Resolution;
  readonly shardlet?: number;
  readonly json: boolean;
}

export async function showForecast(control: Control, flags: ShowFlags): Promise<void> {
  const topology = new TopologyMap(await control.topology.snapshot());
  const stream = topology.streamNamed(flags.stream);
  if (stream === undefined) throw badInput(`there is no stream ${flags.stream}`);
  if (flags.shardlet !== undefined && topology.shardlet(flags.shardlet) === undefined)
    throw badInput(`there is no shardlet ${flags.shardlet}`);
  const map = () => topology;
  const telemetry = new TelemetryStore({ blocks: control.telemetry, map, nowMs: Date.now });
  const { forecasts: records, hints, telemetry: blocks } = control;
  const store = new ForecastStore({ records, hints, telemetry, blocks, map, nowMs: Date.now });
  const { stepMs, horizon } = RESOLUTIONS[flags.resolution ?? '1h'];
  const forecast = await store.forecastOf({
    scope:
      flags.shardlet === undefined
        ? { kind: 'stream', streamId: stream.id }
        : { kind: 'shardlet', shardlet: flags.shardlet },
    horizonMs: horizon * stepMs,
    ...(flags.resolution === undefined ? {} : { resolution: flags.resolution }),
  });
  if (forecast === undefined)
    throw new CommandFailure(
      'nothing was forecast yet: the worker needs recorded load; "foreshard import-history" brings a past',
    );
  const at = (level: number, h: number) => round(forecast.quantiles[forecast.levels.indexOf(level)]![h]!);
  const rows = Array.from(forecast.point, (point, h) => ({
    time: new Date(forecast.fromMs + h * forecast.stepMs).toISOString(),
    events: round(point),
    withoutHints: round(forecast.baseline[h]!),
    p05: at(0.05, h),
    p10: at(0.1, h),
    p90: at(0.9, h),
    p95: at(0.95, h),
  }));
  printRows(rows, flags.json, '');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
