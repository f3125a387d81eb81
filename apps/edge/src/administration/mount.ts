/** Puts the orders of people on the API. */
import type { Context } from 'hono';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import type { Administration } from './administration.ts';
import * as hosts from './host-operations.ts';
import * as moves from './move-operations.ts';
import { orderBody } from './order-body.ts';
import type { Caller } from './parts.ts';
import {
  acceptLossSchema,
  describeHostSchema,
  limitsOrderSchema,
  mergeOrderSchema,
  movesOrderSchema,
  newHostSchema,
  reasonSchema,
  splitOrderSchema,
} from './schemas.ts';
import * as shardlets from './shardlet-operations.ts';

export interface AdministrationMount {
  readonly orders: Administration;
  readonly budget: ByteBudget;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
}

export function mountAdministration(api: Api, parts: AdministrationMount): void {
  mountHosts(api, parts);
  mountMoves(api, parts);
  mountSwitches(api, parts);
  mountShardlets(api, parts);
}

interface Tried {
  readonly c: Context;
  readonly query: { readonly dryRun: boolean };
}

function callerOf({ actorOf }: AdministrationMount, { c, query: { dryRun } }: Tried): Caller {
  return { actor: actorOf(c.req.header('authorization')), dryRun };
}

/** 202: a worker carries it out. */
function begun(c: Context, answer: object, { dryRun }: Caller): Response {
  return c.json(answer, dryRun ? 200 : 202);
}

function mountHosts(api: Api, parts: AdministrationMount): void {
  const { orders, budget } = parts;
  api.mount(hosts.listHosts, async ({ c }) => c.json(await orders.hosts.list()));
  api.mount(hosts.addHost, async (call) => {
    const body = await orderBody(call.c, newHostSchema, budget);
    const added = await orders.hosts.add(body, callerOf(parts, call));
    return call.c.json(added, added.result === 'joined' ? 201 : 200);
  });
  api.mount(hosts.describeHost, async (call) => {
    const body = await orderBody(call.c, describeHostSchema, budget);
    return call.c.json(await orders.hosts.describe(call.params.id, body, callerOf(parts, call)));
  });
  api.mount(hosts.removeHost, async (call) =>
    call.c.json(await orders.hosts.remove(call.params.id, callerOf(parts, call))),
  );
  api.mount(hosts.reviewLoss, async ({ c, params }) => c.json(await orders.hosts.loss(params.id)));
  api.mount(hosts.acceptLoss, async (call) => {
    const caller = callerOf(parts, call);
    const { incarnation } = await orderBody(call.c, acceptLossSchema, budget);
    return begun(call.c, await orders.hosts.acceptLoss(call.params.id, incarnation, caller), caller);
  });
  const drains = [
    [hosts.drainHost, 'draining'],
    [hosts.undrainHost, 'active'],
  ] as const;
  for (const [operation, state] of drains)
    api.mount(operation, async (call) => {
      const caller = callerOf(parts, call);
      return begun(call.c, await orders.hosts.drain(call.params.id, state, caller), caller);
    });
}

function mountMoves(api: Api, parts: AdministrationMount): void {
  const { orders, budget } = parts;
  api.mount(moves.listMoves, async ({ c, query }) => c.json(await orders.moves.list(query)));
  api.mount(moves.showMove, async ({ c, params }) => c.json(await orders.moves.show(params.id)));
  api.mount(moves.beginMoves, async (call) => {
    const caller = callerOf(parts, call);
    const body = await orderBody(call.c, movesOrderSchema, budget);
    return begun(call.c, await orders.moves.begin(body, caller), caller);
  });
  const single = [
    [moves.pauseMove, 'pause'],
    [moves.resumeMove, 'go'],
    [moves.abortMove, 'abort'],
  ] as const;
  for (const [operation, order] of single)
    api.mount(operation, async (call) => {
      const caller = callerOf(parts, call);
      const { reason } = await orderBody(call.c, reasonSchema, budget);
      return begun(call.c, await orders.moves.order(call.params.id, order, reason, caller), caller);
    });
  api.mount(moves.moveBack, async (call) => {
    const caller = callerOf(parts, call);
    const { reason } = await orderBody(call.c, reasonSchema, budget);
    return begun(call.c, await orders.moves.moveBack(call.params.id, reason, caller), caller);
  });
}

function mountSwitches(api: Api, parts: AdministrationMount): void {
  const { orders, budget } = parts;
  const switches = [
    [moves.pauseAll, true],
    [moves.resumeAll, false],
  ] as const;
  for (const [operation, paused] of switches)
    api.mount(operation, async (call) => {
      const { reason } = await orderBody(call.c, reasonSchema, budget);
      return call.c.json(await orders.moves.pauseAll(paused, reason, callerOf(parts, call)));
    });
  api.mount(moves.limitMoves, async (call) => {
    const body = await orderBody(call.c, limitsOrderSchema, budget);
    return call.c.json(await orders.moves.limit(body, callerOf(parts, call)));
  });
}

function mountShardlets(api: Api, parts: AdministrationMount): void {
  const { orders, budget } = parts;
  api.mount(shardlets.splitShardlet, async (call) => {
    const caller = callerOf(parts, call);
    const { at } = await orderBody(call.c, splitOrderSchema, budget);
    return begun(call.c, await orders.shardlets.split(call.params.id, at, caller), caller);
  });
  api.mount(shardlets.rollShardlet, async (call) => {
    const caller = callerOf(parts, call);
    return begun(call.c, await orders.shardlets.roll(call.params.id, caller), caller);
  });
  api.mount(shardlets.mergeShardlets, async (call) => {
    const caller = callerOf(parts, call);
    const body = await orderBody(call.c, mergeOrderSchema, budget);
    return begun(call.c, await orders.shardlets.merge(body.shardlets, caller), caller);
  });
}
