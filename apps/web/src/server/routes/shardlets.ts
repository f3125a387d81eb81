import { shardletQuerySchema } from '../cluster/shardlet-query.ts';
import { shardletPage } from '../cluster/shardlet-rows.ts';
import { away, query, router } from '../trpc.ts';

export const shardletsRouter = router({
  list: query.input(shardletQuerySchema).query(({ ctx: { server }, input }) => {
    const map = server.map.map;
    if (map === undefined) throw away();
    return shardletPage(map, server.load.window.ratesByShardlet(Date.now()), input);
  }),

  /** what the filters of the table may choose from */
  choices: query.query(async ({ ctx: { server } }) => {
    const map = server.map.map;
    if (map === undefined) throw away();
    const clusters = (await server.clusters.list()).map(({ name }) => name);
    return { streams: map.streams().map((s) => s.name), hosts: map.hosts().map((h) => h.name), clusters };
  }),
});
