/**
 * Bytes that each shardlet has taken in the last day, out of the recorded hours. What a host holds of each
 * shardlet is recorded nowhere, so this is the size that is known; the page says so. One reading serves every
 * tab for a minute.
 */
import { HOUR_MS, type TelemetryStore } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';

export const BYTES_HOURS = 24;
const FRESH_MS = 60_000;

export type StoredBytes = ReadonlyMap<number, number>;

interface Reading {
  readonly atMs: number;
  readonly bytes: Promise<StoredBytes>;
}

const readings = new WeakMap<TelemetryStore, Reading>();

/** Empty while the database is away: sizes are then unknown, and the map is drawn without them. */
export async function storedBytes(
  telemetry: TelemetryStore,
  map: TopologyMap,
  nowMs: number,
): Promise<StoredBytes> {
  const known = readings.get(telemetry);
  if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.bytes;
  const bytes = read(telemetry, map, nowMs).catch((): StoredBytes => {
    readings.delete(telemetry);
    return new Map();
  });
  readings.set(telemetry, { atMs: nowMs, bytes });
  return bytes;
}

async function read(telemetry: TelemetryStore, map: TopologyMap, nowMs: number): Promise<StoredBytes> {
  const totals = new Map<number, number>();
  for (const { id } of map.streams()) {
    const matrix = await telemetry.matrix({
      streamId: id,
      metric: 'bytes',
      fromMs: nowMs - BYTES_HOURS * HOUR_MS,
      toMs: nowMs,
      step: 'hour',
    });
    for (const [i, shardlet] of matrix.shardlets.entries()) {
      let total = 0;
      for (let t = 0; t < matrix.steps; t++) total += matrix.values[i * matrix.steps + t]! || 0;
      totals.set(shardlet, total);
    }
  }
  return totals;
}
