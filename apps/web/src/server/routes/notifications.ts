/** Views of notifications: who is notified of what, what was sent, and what is wrong. Without secrets. */
import { type Delivery, NOTICE_KINDS, noticeKinds, shownTarget } from '@foreshard/core/notifying';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { query, queryOfEvery, router } from '../trpc.ts';

const LISTED_MAX = 100;

export const notificationsRouter = router({
  list: query.query(async ({ ctx: { server } }) => {
    const store = server.notifications;
    const [targets, alarms] = await Promise.all([store.targets(), store.alarms()]);
    const kinds = noticeKinds.map((kind) => ({ kind, meaning: NOTICE_KINDS[kind] }));
    return {
      targets: targets.map(shownTarget),
      alarms: alarms.filter(({ endedMs }) => endedMs === null),
      kinds,
      atMs: Date.now(),
    };
  }),

  deliveries: queryOfEvery
    .input(z.object({ target: z.string().max(63).optional() }))
    .query(async ({ ctx: { server }, input: { target } }) => {
      const store = server.notifications;
      const found = await store.deliveries({
        limit: LISTED_MAX,
        ...(target === undefined ? {} : { target }),
      });
      return { rows: found.map(rowOf), atMs: Date.now() };
    }),

  delivery: queryOfEvery
    .input(z.object({ id: z.string().max(100) }))
    .query(async ({ ctx: { server }, input: { id } }) => {
      const found = await server.notifications.delivery(id);
      if (found === undefined)
        throw new TRPCError({ code: 'NOT_FOUND', message: `There is no delivery ${id}.` });
      return found;
    }),
});

/** Without bodies and all but the last attempt: a list is asked for every other second. */
function rowOf({ body: _, attempts, ...delivery }: Delivery) {
  return { ...delivery, tries: attempts.length, last: attempts.at(-1) ?? null };
}
export type DeliveryRow = ReturnType<typeof rowOf>;
