/** The table of hosts: all of them, since even a large cluster has some hundreds. */
import { hostViews } from '../cluster/host-views.ts';
import { away, query, router } from '../trpc.ts';

export const hostsRouter = router({
  list: query.query(({ ctx: { server } }) => {
    const map = server.map.map;
    if (map === undefined) throw away();
    const now = Date.now();
    return hostViews(map, server.measures.current, server.load.window.ratesByShardlet(now), now);
  }),
});
