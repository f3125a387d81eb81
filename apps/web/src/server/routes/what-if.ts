/** Questions about a cluster that is not: a worker lays the changes onto the live one and plans. Nothing is changed. */
import { whatIfRequestSchema } from '@foreshard/core/advising';
import { asked, away, query, router } from '../trpc.ts';
import { whatIfPicture } from '../what-if/what-if-picture.ts';

export const whatIfRouter = router({
  ask: query.input(whatIfRequestSchema).query(async ({ ctx: { server }, input }) => {
    const { map } = server.map;
    if (map === undefined) throw away();
    const reply = await asked(server.inquiries.ask('whatIf', input));
    if (reply.answer === null) return { picture: null, away: reply.away };
    return { picture: whatIfPicture(map, reply.answer), away: null };
  }),

  /** What can be named in a change. */
  names: query.query(({ ctx: { server } }) => {
    const { map } = server.map;
    if (map === undefined) throw away();
    return {
      hosts: map.hosts().map(({ id, name }) => ({ id: String(id), name })),
      streams: map.streams().map(({ name }) => name),
    };
  }),
});
