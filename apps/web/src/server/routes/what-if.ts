/** Questions about a cluster that is not: a worker lays the changes onto the live one and plans. Nothing is changed. */
import { whatIfRequestSchema } from '@foreshard/core/advising';
import { hostName, titleOf } from '../recommendations/recommendation-view.ts';
import { asked, away, query, router } from '../trpc.ts';

export const whatIfRouter = router({
  ask: query.input(whatIfRequestSchema).query(async ({ ctx: { server }, input }) => {
    const { map } = server.map;
    if (map === undefined) throw away();
    const reply = await asked(server.inquiries.ask('whatIf', input));
    if (reply.answer === null) return { picture: null, away: reply.away };
    const { plan, hosts } = reply.answer;
    const picture = {
      ...reply.answer,
      hosts: hosts.map((one) => ({ ...one, name: supposedName(one.host) ?? hostName(map, one.host)! })),
      plan: {
        ...plan,
        recommendations: plan.recommendations.map((body) => ({
          ...body,
          title: titleOf(body),
          sourceName: body.source === null ? null : (supposedName(body.source) ?? hostName(map, body.source)),
          destinationName:
            body.destination === null || body.action === 'add-hosts'
              ? null
              : (supposedName(body.destination) ?? hostName(map, body.destination)),
        })),
      },
    };
    return { picture, away: null };
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

/** A host that is only supposed has no number. */
function supposedName(host: string): string | undefined {
  return host.startsWith('new-') ? `new host ${host.slice(4)}` : undefined;
}
