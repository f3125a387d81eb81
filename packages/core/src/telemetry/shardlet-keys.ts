/**
 * The top keys and the event types of shardlets. Hours keep them; for the hour that still runs, the newest
 * minutes are read, not all sixty: they are large, and a hot key is hot in each of them.
 */
import { type BlockReader, LIVE } from './block-store.ts';
import { floorTo, HOUR_MS, MINUTE_MS } from './levels.ts';
import { loadOf, newNamedLoads, unpackLoads } from './shardlet-load.ts';

export interface KeysWindow {
  readonly streamId: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly shardlets: readonly number[];
}

export interface TopKey {
  /** hash of the key: the high half of its position */
  readonly keyHash: number;
  /** undefined when it was not among the events that were read */
  readonly key: string | undefined;
  /** at least so many */
  readonly events: number;
}

export interface ShardletKeys {
  readonly topKeys: readonly TopKey[];
  /** estimated from the sample, most first; the empty name stands for all others */
  readonly types: readonly { readonly type: string; readonly events: number }[];
}

const MINUTES_READ_MAX = 10;
/** A month of hours. */
const HOURS_READ_MAX = 744;

export async function readKeys(blocks: BlockReader, window: KeysWindow): Promise<Map<number, ShardletKeys>> {
  const { streamId: stream, fromMs, toMs } = window;
  const hoursFrom = Math.max(floorTo(fromMs, HOUR_MS), floorTo(toMs, HOUR_MS) - HOURS_READ_MAX * HOUR_MS);
  const isShort = toMs - fromMs < HOUR_MS;
  const hours = isShort
    ? []
    : await blocks.read({ stream, level: 'hour', parts: ['keys'], fromMs: hoursFrom, toMs });
  const rolledUpTo = hours
    .filter((h) => h.source === LIVE)
    .reduce((to, h) => Math.max(to, h.startMs + HOUR_MS), fromMs);
  const minutesFrom = Math.max(rolledUpTo, toMs - MINUTES_READ_MAX * MINUTE_MS);
  const minutes = await blocks.read({
    stream,
    level: 'minute',
    parts: ['loads'],
    fromMs: floorTo(minutesFrom, MINUTE_MS),
    toMs,
  });
  const merged = newNamedLoads();
  for (const { bytes } of [...hours, ...minutes]) unpackLoads(bytes, merged);
  return new Map(
    window.shardlets.map((id) => {
      const load = loadOf(merged.loads, id);
      const topKeys = load.topKeys
        .reported()
        .map(({ keyHash, events }) => ({ keyHash, key: merged.keyNames.get(keyHash), events }));
      const types = [...load.eventTypes]
        .map(([type, events]) => ({ type, events }))
        .sort((a, b) => b.events - a.events || a.type.localeCompare(b.type));
      return [id, { topKeys, types }];
    }),
  );
}
