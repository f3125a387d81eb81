/** Who is told of what waits for people and what is wrong, and what was sent. Secrets are answered once, when made. */
import {
  addTarget,
  changeTarget,
  type Delivery,
  NOTICE_KINDS,
  noticeKinds,
  redeliver,
  shownTarget,
  targetRequestSchema,
  testTarget,
} from '@foreshard/core/notifying';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { mutation, query, router } from '../trpc.ts';

const LISTED_MAX = 100;
const nameInput = z.object({ name: z.string().min(1).max(63) });

export const notificationsRouter = router({
  list: query.query(async ({ ctx: { server } }) => {
    const { store, nowMs } = server.notifications;
    const [targets, alarms] = await Promise.all([store.targets(), store.alarms()]);
    const kinds = noticeKinds.map((kind) => ({ kind, meaning: NOTICE_KINDS[kind] }));
    return {
      targets: targets.map(shownTarget),
      alarms: alarms.filter(({ endedMs }) => endedMs === null),
      kinds,
      atMs: nowMs(),
    };
  }),

  deliveries: query
    .input(z.object({ target: z.string().max(63).optional() }))
    .query(async ({ ctx: { server }, input: { target } }) => {
      const { store, nowMs } = server.notifications;
      const found = await store.deliveries({
        limit: LISTED_MAX,
        ...(target === undefined ? {} : { target }),
      });
      return { rows: found.map(rowOf), atMs: nowMs() };
    }),

  delivery: query
    .input(z.object({ id: z.string().max(100) }))
    .query(async ({ ctx: { server }, input: { id } }) => {
      const found = await server.notifications.store.delivery(id);
      if (found === undefined)
        throw new TRPCError({ code: 'NOT_FOUND', message: `There is no delivery ${id}.` });
      return found;
    }),

  add: mutation.input(targetRequestSchema).mutation(async ({ ctx: { server }, input }) => {
    const reply = await addTarget(server.notifications, input);
    if (reply.kind === 'added') return { name: input.name, secret: reply.secret };
    if (reply.kind === 'exists')
      throw new TRPCError({ code: 'CONFLICT', message: `There is a target "${input.name}" already.` });
    throw new TRPCError({ code: 'BAD_REQUEST', message: reply.detail });
  }),

  change: mutation
    .input(
      nameInput.extend({
        enabled: z.boolean().optional(),
        kinds: targetRequestSchema.shape.kinds.unwrap().optional(),
      }),
    )
    .mutation(async ({ ctx: { server }, input: { name, enabled, kinds } }) => {
      const change = {
        ...(enabled === undefined ? {} : { enabled }),
        ...(kinds === undefined ? {} : { kinds }),
      };
      if (!(await changeTarget(server.notifications, name, change))) throw gone(name);
    }),

  remove: mutation.input(nameInput).mutation(async ({ ctx: { server }, input: { name } }) => {
    if (!(await server.notifications.store.remove(name))) throw gone(name);
  }),

  /** The delivery; the log tells how it went. */
  test: mutation.input(nameInput).mutation(async ({ ctx: { server }, input: { name } }) => {
    const id = await testTarget(server.notifications, name);
    if (id === undefined) throw gone(name);
    return { id };
  }),

  redeliver: mutation
    .input(z.object({ id: z.string().max(100) }))
    .mutation(async ({ ctx: { server }, input: { id } }) => {
      if (!(await redeliver(server.notifications, id)))
        throw new TRPCError({ code: 'NOT_FOUND', message: `There is no delivery ${id}.` });
    }),
});

/** Without bodies and all but the last attempt: a list is asked for every other second. */
function rowOf({ body: _, attempts, ...delivery }: Delivery) {
  return { ...delivery, tries: attempts.length, last: attempts.at(-1) ?? null };
}
export type DeliveryRow = ReturnType<typeof rowOf>;

function gone(name: string): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: `There is no target "${name}".` });
}
