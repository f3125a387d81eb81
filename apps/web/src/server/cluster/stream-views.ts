/** One row per stream: its settings, and what it carries now. */
import type { Stream, TopologyMap } from '@foreshard/core/topology';
import type { Load } from '../load/load-window.ts';
import { summarise } from './map-summary.ts';

export interface StreamView extends Stream {
  readonly shardlets: number;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
}

export function streamViews(map: TopologyMap, rates: ReadonlyMap<number, Load>): StreamView[] {
  const { leavesByStream } = summarise(map);
  const loads = new Map<number, { events: number; bytes: number }>();
  for (const [id, rate] of rates) {
    const stream = map.shardlet(id)?.stream;
    if (stream === undefined) continue;
    const sum = loads.get(stream) ?? { events: 0, bytes: 0 };
    loads.set(stream, { events: sum.events + rate.events, bytes: sum.bytes + rate.bytes });
  }
  return map.streams().map((stream) => ({
    ...stream,
    shardlets: leavesByStream.get(stream.id) ?? 0,
    eventsPerSecond: loads.get(stream.id)?.events ?? 0,
    bytesPerSecond: loads.get(stream.id)?.bytes ?? 0,
  }));
}
