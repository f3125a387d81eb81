/** Recorded load in memory, as a worker would have written it, on a stream of four shardlets. */
import { MemoryBlockStore } from '@foreshard/core/adapters/telemetry';
import { hashKey } from '@foreshard/core/keyspace';
import { TelemetryStore } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import {
  flushAt,
  record,
  rollUpHours,
  streamMap,
  T0_MS,
} from '../../../../packages/core/src/telemetry/recording.fixture.ts';

export { T0_MS };

/** [minute after T0, shardlet by its place, events in that minute, the key they have] */
type Load = readonly [minute: number, place: number, events: number, key?: string | undefined];

interface Recorded {
  readonly map: TopologyMap;
  readonly telemetry: TelemetryStore;
  /** in the order of their positions */
  readonly shardlets: readonly number[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const EVENT_BYTES = 100;

/** Every second of `minutes` from T0 on is told, most of them with nothing. */
export async function recorded(minutes: number, loads: readonly Load[]): Promise<Recorded> {
  const map = await streamMap(4);
  const shardlets = [...map.shardlets()].map(({ id }) => id);
  const blocks = new MemoryBlockStore();
  const nowMs = T0_MS + minutes * MINUTE_MS;
  const flushes = Array.from({ length: minutes * 60 }, (_, second) =>
    flushAt(T0_MS + second * 1_000, (counters) => {
      if (second % 60 !== 0) return;
      for (const [minute, place, events, key] of loads) {
        if (minute !== second / 60) continue;
        const id = shardlets[place]!;
        counters.stored(id, events, events * EVENT_BYTES, undefined);
        if (key === undefined) continue;
        for (let i = 0; i < events; i++) counters.key(id, hashKey(key), () => ({ type: 'tested', key }));
      }
    }),
  );
  await record(blocks, map, flushes, nowMs);
  await rollUpHours(blocks, map, nowMs + HOUR_MS);
  return { map, shardlets, telemetry: new TelemetryStore({ blocks, map: () => map, nowMs: () => nowMs }) };
}
