/** What the command palette can jump to: hosts and streams by name, shardlets by id. */
import { z } from 'zod';
import { away, query, router } from '../trpc.ts';

const HITS_MAX = 8;

export const paletteRouter = router({
  find: query.input(z.object({ text: z.string().max(100) })).query(({ ctx: { server }, input }) => {
    const { map } = server.map;
    if (map === undefined) throw away();
    const text = input.text.trim().toLowerCase();
    const named = (names: readonly string[]) =>
      names.filter((name) => name.toLowerCase().includes(text)).slice(0, HITS_MAX);
    const id = /^#?(\d{1,15})$/.exec(text)?.[1];
    const shardlet = id === undefined ? undefined : map.shardlet(Number(id));
    return {
      hosts: named(map.hosts().map((h) => h.name)),
      streams: named(map.streams().map((s) => s.name)),
      shardlet:
        shardlet === undefined
          ? null
          : {
              id: shardlet.id,
              stream: map.stream(shardlet.stream)?.name ?? '',
              owner: map.host(shardlet.owner)?.name ?? '',
            },
    };
  }),
});
