/**
 * Puts notifications on the API: who is told of what, what was sent, and what is wrong now. A worker sends; an edge
 * only writes down what is to be sent, and fails when PostgreSQL is away.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  addTarget,
  changeTarget,
  type Delivery,
  type NotificationDesk,
  type NotificationOffice,
  redeliver,
  type ShownTarget,
  shownTarget,
  testTarget,
} from '@foreshard/core/notifying';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { checkedJsonBody } from '../http/json-body.ts';
import { reachingStore } from '../http/reaching-store.ts';
import * as operations from './operations.ts';
import { type deliverySchema, newTargetSchema, targetChangeSchema, type targetSchema } from './schemas.ts';

export interface NotifyingParts {
  readonly office: NotificationOffice;
  readonly budget: ByteBudget;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
}

const BODY_BYTES_MAX = 65_536;
const WHAT = 'targets and deliveries are kept';

export function mountNotifying(api: Api, parts: NotifyingParts): void {
  mountTargets(api, parts);
  mountDeliveries(api, parts);
}

function mountTargets(api: Api, parts: NotifyingParts): void {
  const { store } = parts.office;
  api.mount(operations.listTargets, async ({ c }) =>
    c.json({
      targets: (await reaching(() => store.targets())).map((one) => targetDocument(shownTarget(one))),
    }),
  );
  api.mount(operations.addTarget, async ({ c }) => {
    const request = await bodyOf(c, parts, newTargetSchema);
    const reply = await reaching(() => addTarget(deskOf(parts, c), request));
    if (reply.kind === 'exists')
      throw new ForeshardError('conflict', `There is a target "${request.name}" already.`);
    if (reply.kind === 'refused')
      throw new ForeshardError('invalid_record', reply.detail, { pointer: '/url' });
    return c.json({ target: await targetNamed(parts, request.name), secret: reply.secret }, 201);
  });
  api.mount(operations.changeTarget, async ({ c, params: { name } }) => {
    const { enabled, kinds, pauseSeconds } = await bodyOf(c, parts, targetChangeSchema);
    const change = {
      ...(enabled === undefined ? {} : { enabled }),
      ...(kinds === undefined ? {} : { kinds }),
      ...(pauseSeconds === undefined ? {} : { pauseSeconds }),
    };
    if (!(await reaching(() => changeTarget(deskOf(parts, c), name, change)))) throw unknownTarget(name);
    return c.json(await targetNamed(parts, name));
  });
  api.mount(operations.removeTarget, async ({ c, params: { name } }) => {
    if (!(await reaching(() => store.remove(name)))) throw unknownTarget(name);
    return c.json({ removed: name });
  });
  api.mount(operations.testTarget, async ({ c, params: { name } }) => {
    const id = await reaching(() => testTarget(deskOf(parts, c), name));
    if (id === undefined) throw unknownTarget(name);
    return c.json(await deliveryOf(parts, id), 202);
  });
}

function mountDeliveries(api: Api, parts: NotifyingParts): void {
  const { store } = parts.office;
  api.mount(operations.listDeliveries, async ({ c, query: { target, limit } }) => {
    const found = await reaching(() =>
      store.deliveries({ limit, ...(target === undefined ? {} : { target }) }),
    );
    return c.json({ deliveries: found.map(deliveryDocument) });
  });
  api.mount(operations.readDelivery, async ({ c, params: { id } }) => c.json(await deliveryOf(parts, id)));
  api.mount(operations.redeliver, async ({ c, params: { id } }) => {
    if (!(await reaching(() => redeliver(deskOf(parts, c), id)))) throw unknownDelivery(id);
    return c.json(await deliveryOf(parts, id), 202);
  });
  api.mount(operations.listAlarms, async ({ c }) => {
    const alarms = (await reaching(() => store.alarms())).filter(({ endedMs }) => endedMs === null);
    return c.json({
      alarms: alarms.map(({ kind, level, title, text, sinceMs }) => ({
        ...{ kind, level, title, text },
        since: timeOf(sinceMs),
      })),
    });
  });
}

function deskOf({ office, actorOf }: NotifyingParts, c: Context): NotificationDesk {
  return { ...office, actor: actorOf(c.req.header('authorization')) };
}

async function targetNamed({ office }: NotifyingParts, name: string): Promise<z.output<typeof targetSchema>> {
  const found = (await reaching(() => office.store.targets())).find((one) => one.name === name);
  if (found === undefined) throw unknownTarget(name);
  return targetDocument(shownTarget(found));
}

async function deliveryOf({ office }: NotifyingParts, id: string): Promise<z.output<typeof deliverySchema>> {
  const found = await reaching(() => office.store.delivery(id));
  if (found === undefined) throw unknownDelivery(id);
  return deliveryDocument(found);
}

function targetDocument(target: ShownTarget): z.output<typeof targetSchema> {
  const { name, url, format, kinds, pauseSeconds, enabled, createdMs, createdBy } = target;
  return { name, url, format, kinds, pauseSeconds, enabled, createdAt: timeOf(createdMs), createdBy };
}

function deliveryDocument(delivery: Delivery): z.output<typeof deliverySchema> {
  const { id, target, title, state, createdMs, nextMs, attempts } = delivery;
  return {
    ...{ id, target, title, state },
    createdAt: timeOf(createdMs),
    nextAt: state === 'waiting' ? timeOf(nextMs) : null,
    attempts: attempts.map(({ atMs, durationMs, status, response }) => ({
      at: timeOf(atMs),
      ...{ durationMs, status, response },
    })),
  };
}

function bodyOf<S extends z.ZodType>(
  c: Context,
  { budget }: NotifyingParts,
  schema: S,
): Promise<z.output<S>> {
  return checkedJsonBody(c, { bytesMax: BODY_BYTES_MAX, budget }, schema);
}

function reaching<T>(call: () => Promise<T>): Promise<T> {
  return reachingStore(WHAT, call);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function unknownTarget(name: string): ForeshardError {
  return new ForeshardError('not_found', `There is no target "${name}".`);
}

function unknownDelivery(id: string): ForeshardError {
  return new ForeshardError('not_found', `There is no delivery ${id}.`);
}
