/** Hosts: all of them, since even a large cluster has some hundreds. */
import { tryDecision } from '@foreshard/core/moves';
import { removeHost } from '@foreshard/core/topology';
import { z } from 'zod';
import { hostViews } from '../cluster/host-views.ts';
import { away, query, router } from '../trpc.ts';

const host = z.int().min(1);

export const hostsRouter = router({
  list: query.query(({ ctx: { server } }) => {
    const map = server.map.map;
    if (map === undefined) throw away();
    const now = Date.now();
    return hostViews(map, server.measures.current, server.load.window.ratesByShardlet(now), now);
  }),

  /** null: it can go; else why it cannot now */
  removable: query.input(z.object({ host })).query(async ({ ctx: { server }, input }) => {
    const reply = tryDecision(await server.topology.snapshot(), removeHost(input.host), Date.now());
    return { because: reply.kind === 'refused' ? reply.refusal.detail : null };
  }),
});
