/**
 * The worker's copy of the topology store. Every job begins by bringing it up to date, so jobs never work on an old
 * map for longer than one run; in between, notifications and a slow poll keep the connections to hosts right.
 */
import { MapFollower, type MapFollowerParts } from '@foreshard/core/topology';

const POLL_MS = 2_000;

/** @throws when the topology store does not answer */
export async function followedMap(
  parts: Pick<MapFollowerParts, 'store' | 'notifier' | 'nowMs'>,
  reloaded: (reason: string) => void,
): Promise<MapFollower> {
  const follower = new MapFollower({
    ...{ ...parts, later, pollMs: POLL_MS },
    // that it does not answer is told by the job that needs it, and by the probes
    observer: { reloaded, unanswered: () => {} },
  });
  await follower.upToDate();
  await follower.start();
  return follower;
}

function later(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
