/** Where a reader begins who wants only what comes from now on. */
import { Bell } from './bell.ts';
import type { ReaderParts } from './log-reader.ts';

const PATIENCE_MS = 300;

/**
 * The least promise of the hosts that answer: every event of theirs that is stored after this call is later.
 * When none answers it is this edge's clock.
 */
export async function whereNowIs(
  { map, frontiers, clock }: Pick<ReaderParts, 'map' | 'frontiers' | 'clock'>,
  stream: number,
): Promise<number> {
  const hosts = [...new Set([...map.topology.leaves(stream)].map((leaf) => leaf.owner))];
  const fresh = new Set<number>();
  const allAnswered = new Bell();
  const asking = hosts.map(async (host) => {
    if (await frontiers.ask(host, true)) fresh.add(host);
  });
  void Promise.allSettled(asking).then(() => allAnswered.ring());
  await allAnswered.wait(PATIENCE_MS);
  const promises = [...fresh].map((host) => frontiers.tables.hostLast(host)!);
  return promises.length > 0 ? Math.min(...promises) : clock.nowMicros();
}
