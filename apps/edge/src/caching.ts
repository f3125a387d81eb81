/** The shard cache of an edge, for all its readers together, and what it tells of it. */
import { CachedReads, type ObservedRead } from '@foreshard/core/caching';
import type { Frontiers } from '@foreshard/core/heads';
import type { EdgeParts, Loaded } from './edge-parts.ts';

const REPORT_MS = 5_000;

export function caching(
  { settings, publishCache }: EdgeParts,
  { map, hosts }: Loaded,
  { frontiers, onRead }: { readonly frontiers: Frontiers; readonly onRead: (read: ObservedRead) => void },
) {
  const reads = new CachedReads({
    ...{ map: map.topology, frontiers, bytesMax: settings.cacheBytes },
    host: (id) => hosts.get(id),
    ...{ onRead, monotonicMs: () => performance.now() },
  });
  // a report that does not arrive is followed by another
  const report = () => publishCache({ process: settings.edgeId, ...reads.stats }).catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  return {
    reads,
    start() {
      void report();
      timer = setInterval(report, REPORT_MS);
    },
    stop() {
      clearInterval(timer);
      reads.close();
    },
  };
}
