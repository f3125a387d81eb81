/** Streams with what they carry now. Orders on them are operations of the table. */
import { streamViews } from '../cluster/stream-views.ts';
import { away, query, router } from '../trpc.ts';

export const streamsRouter = router({
  list: query.query(({ ctx: { server } }) => {
    const map = server.map.map;
    if (map === undefined) throw away();
    return streamViews(map, server.load.window.ratesByShardlet(Date.now()));
  }),
});
