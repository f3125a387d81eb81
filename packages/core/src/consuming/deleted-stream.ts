/** A group whose stream was deleted has nothing left to process: whatever its members send changes nothing. */
import type { TopologyMap } from '../topology/index.ts';
import type { Group } from './model.ts';

interface StreamLookup {
  readonly map: Pick<TopologyMap, 'stream'>;
  /** Catches the map up with the topology store. */
  refresh(): Promise<unknown>;
}

export async function isStreamDeleted(
  { map, refresh }: StreamLookup,
  { stream }: Pick<Group, 'stream'>,
): Promise<boolean> {
  if (map.stream(stream) !== undefined) return false;
  // the map may be older than the stream
  await refresh();
  return map.stream(stream) === undefined;
}
