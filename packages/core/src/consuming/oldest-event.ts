/** When the oldest event was stored that a group has not committed of a shardlet. */
import type { EventHost } from '../hosts/index.ts';
import type { TopologyMap } from '../topology/index.ts';
import type { Checkpoint } from './model.ts';

export interface OldestParts {
  readonly map: Pick<TopologyMap, 'shardlet'>;
  /** @throws HostUnreachable */
  host(id: number): Promise<EventHost>;
}

/** In microseconds; undefined where there is none, or it cannot be read just now. @throws HostUnreachable */
export async function oldestEvent(
  { map, host }: OldestParts,
  { shardlet: id, seq, epoch }: Checkpoint,
): Promise<number | undefined> {
  const owner = map.shardlet(id)?.owner;
  if (owner === undefined) return undefined;
  const connected = await host(owner);
  const options = { maxRecords: 1, maxBytes: 1 };
  let reply = await connected.read(id, seq + 1, epoch, options);
  if (reply.kind === 'gone') reply = await connected.read(id, reply.firstSeq, epoch, options);
  return reply.kind === 'records' ? reply.records[0]?.ts : undefined;
}
