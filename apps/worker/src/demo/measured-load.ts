/**
 * The load of each second as the edge counted it: what was asked of each shardlet, stored or refused. It is known a little
 * more than a second after the second began.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newNamedLoads, unpackLoads } from '@foreshard/core/telemetry';
import type { LoadFeed } from '../telemetry/load-feed.ts';

const LOOK_MS = 100;
const BEFORE_MS = 3_000;
/** entries that are added while it reads */
const AHEAD_MS = 60_000;

export interface MeasuredSecond {
  readonly atMs: number;
  /** events asked of each shardlet */
  readonly asked: ReadonlyMap<number, number>;
}

/** From the newest second on, until the signal. */
export async function* measuredSeconds(feed: LoadFeed, signal: AbortSignal): AsyncGenerator<MeasuredSecond> {
  let position = `${(await feed.nowMs()) - BEFORE_MS}-0`;
  while (!signal.aborted) {
    for await (const { id, flush } of feed.entries(position, Date.now() + AHEAD_MS)) {
      position = id;
      if (flush === undefined) continue;
      const named = newNamedLoads();
      unpackLoads(flush.packed, named);
      const asked = new Map(
        [...named.loads].map(([shardlet, load]) => [shardlet, load.events + load.errors]),
      );
      yield { atMs: flush.atMs, asked };
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
