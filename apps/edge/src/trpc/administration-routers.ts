/** The orders of people over tRPC: the same code behind the same schemas as over REST. */
import { hintRequestSchema } from '@foreshard/core/hints';
import { z } from 'zod';
import {
  acceptedLossSchema,
  acceptLossSchema,
  addedHostSchema,
  type Caller,
  controlsSchema,
  describedHostSchema,
  describeHostSchema,
  drainSchema,
  hostsSchema,
  limitsOrderSchema,
  lossSchema,
  mergeOrderSchema,
  moveResultSchema,
  moveResultsSchema,
  movesOrderSchema,
  movesSchema,
  newHostSchema,
  orderedMoveSchema,
  reasonSchema,
  removedHostSchema,
  restructuredSchema,
  shownMoveSchema,
  splitOrderSchema,
} from '../administration/index.ts';
import {
  changeSchema,
  clusterPlanSchema,
  clusterSchema,
  clustersSchema,
  loadReportSchema,
  newClusterSchema,
  newLoadSchema,
  removedClusterSchema,
} from '../clusters/index.ts';
import { hintSchema, hintsSchema } from '../hints/index.ts';
import { asProblem } from './errors.ts';
import { type EdgeContext, procedure, t } from './procedure.ts';

const LISTED_MAX = 1_000;

const id = z.int().min(1);
const dryRun = z.boolean().default(false);
const tried = z.strictObject({ dryRun });
const admin = procedure('admin');

function callerOf({ actor }: EdgeContext, input: { readonly dryRun: boolean }): Caller {
  return { actor, dryRun: input.dryRun };
}

async function told<T>({ trace }: EdgeContext, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw asProblem(error, trace);
  });
}

const hosts = t.router({
  list: admin.output(hostsSchema).query(({ ctx }) => told(ctx, ctx.orders.hosts.list())),
  add: admin
    .input(newHostSchema.extend({ dryRun }))
    .output(addedHostSchema)
    .mutation(({ ctx, input: { dryRun: _, ...order }, input }) =>
      told(ctx, ctx.orders.hosts.add(order, callerOf(ctx, input))),
    ),
  describe: admin
    .input(describeHostSchema.extend({ host: id, dryRun }))
    .output(describedHostSchema)
    .mutation(({ ctx, input: { dryRun: _, host, ...description }, input }) =>
      told(ctx, ctx.orders.hosts.describe(host, description, callerOf(ctx, input))),
    ),
  remove: admin
    .input(tried.extend({ host: id }))
    .output(removedHostSchema)
    .mutation(({ ctx, input }) => told(ctx, ctx.orders.hosts.remove(input.host, callerOf(ctx, input)))),
  loss: admin
    .input(z.strictObject({ host: id }))
    .output(lossSchema)
    .query(({ ctx, input }) => told(ctx, ctx.orders.hosts.loss(input.host))),
  acceptLoss: admin
    .input(acceptLossSchema.extend({ host: id, dryRun }))
    .output(acceptedLossSchema)
    .mutation(({ ctx, input }) =>
      told(ctx, ctx.orders.hosts.acceptLoss(input.host, input.incarnation, callerOf(ctx, input))),
    ),
  drain: admin
    .input(tried.extend({ host: id, undo: z.boolean().default(false) }))
    .output(drainSchema)
    .mutation(({ ctx, input }) => {
      const state = input.undo ? 'active' : 'draining';
      return told(ctx, ctx.orders.hosts.drain(input.host, state, callerOf(ctx, input)));
    }),
});

/** One move, and why. */
const one = reasonSchema.extend({ migration: id, dryRun });

function ordering(order: 'pause' | 'go' | 'abort') {
  return admin
    .input(one)
    .output(orderedMoveSchema)
    .mutation(({ ctx, input }) =>
      told(ctx, ctx.orders.moves.order(input.migration, order, input.reason, callerOf(ctx, input))),
    );
}

function switching(paused: boolean) {
  return admin
    .input(reasonSchema.extend({ dryRun }))
    .output(controlsSchema)
    .mutation(({ ctx, input }) =>
      told(ctx, ctx.orders.moves.pauseAll(paused, input.reason, callerOf(ctx, input))),
    );
}

const migrations = t.router({
  list: admin
    .input(
      z.strictObject({
        ended: z.boolean().default(false),
        limit: z.int().min(1).max(LISTED_MAX).default(100),
      }),
    )
    .output(movesSchema)
    .query(({ ctx, input }) => told(ctx, ctx.orders.moves.list(input))),
  show: admin
    .input(z.strictObject({ migration: id }))
    .output(shownMoveSchema)
    .query(({ ctx, input }) => told(ctx, ctx.orders.moves.show(input.migration))),
  begin: admin
    .input(movesOrderSchema.extend({ dryRun }))
    .output(moveResultsSchema)
    .mutation(({ ctx, input }) => told(ctx, ctx.orders.moves.begin(input, callerOf(ctx, input)))),
  pause: ordering('pause'),
  resume: ordering('go'),
  abort: ordering('abort'),
  moveBack: admin
    .input(one)
    .output(moveResultSchema)
    .mutation(({ ctx, input }) =>
      told(ctx, ctx.orders.moves.moveBack(input.migration, input.reason, callerOf(ctx, input))),
    ),
  pauseAll: switching(true),
  resumeAll: switching(false),
  limit: admin
    .input(limitsOrderSchema.extend({ dryRun }))
    .output(controlsSchema)
    .mutation(({ ctx, input }) => told(ctx, ctx.orders.moves.limit(input, callerOf(ctx, input)))),
});

const shardlets = t.router({
  split: admin
    .input(splitOrderSchema.extend({ shardlet: id, dryRun }))
    .output(restructuredSchema)
    .mutation(({ ctx, input }) =>
      told(ctx, ctx.orders.shardlets.split(input.shardlet, input.at, callerOf(ctx, input))),
    ),
  roll: admin
    .input(tried.extend({ shardlet: id }))
    .output(restructuredSchema)
    .mutation(({ ctx, input }) => told(ctx, ctx.orders.shardlets.roll(input.shardlet, callerOf(ctx, input)))),
  merge: admin
    .input(mergeOrderSchema.extend({ dryRun }))
    .output(restructuredSchema)
    .mutation(({ ctx, input }) =>
      told(ctx, ctx.orders.shardlets.merge(input.shardlets, callerOf(ctx, input))),
    ),
});

const cluster = { name: z.string().min(1).max(63) };

const clusters = t.router({
  list: admin.output(clustersSchema).query(({ ctx }) => told(ctx, ctx.clusters.list())),
  show: admin
    .input(z.strictObject(cluster))
    .output(clusterSchema)
    .query(({ ctx, input }) => told(ctx, ctx.clusters.show(input.name))),
  add: admin
    .input(newClusterSchema.safeExtend(cluster))
    .output(loadReportSchema)
    .mutation(({ ctx, input: { name, ...order } }) =>
      told(ctx, ctx.clusters.add(name, order, ctx.actor, 'member')),
    ),
  importLoad: admin
    .input(newLoadSchema.extend(cluster))
    .output(loadReportSchema)
    .mutation(({ ctx, input: { name, ...order } }) =>
      told(ctx, ctx.clusters.importLoad(name, order, ctx.actor, 'member')),
    ),
  change: admin
    .input(changeSchema.safeExtend(cluster))
    .output(clusterSchema)
    .mutation(({ ctx, input: { name, ...change } }) => told(ctx, ctx.clusters.change(name, change))),
  remove: admin
    .input(z.strictObject(cluster))
    .output(removedClusterSchema)
    .mutation(({ ctx, input }) => told(ctx, ctx.clusters.remove(input.name, ctx.actor))),
  plan: admin
    .input(z.strictObject({ ...cluster, withState: z.boolean().default(false) }))
    .output(clusterPlanSchema)
    .query(({ ctx, input }) => told(ctx, ctx.clusters.plan(input.name, input.withState))),
});

const hints = t.router({
  list: admin.output(hintsSchema).query(async ({ ctx }) => ({ hints: await told(ctx, ctx.hints.list()) })),
  add: admin
    .input(hintRequestSchema)
    .output(hintSchema)
    .mutation(({ ctx, input }) => told(ctx, ctx.hints.add(input, ctx.actor))),
  remove: admin
    .input(z.strictObject({ id: z.uuid() }))
    .mutation(({ ctx, input }) => told(ctx, ctx.hints.remove(input.id, ctx.actor))),
});

export const administrationRouters = { hosts, migrations, shardlets, clusters, hints };
