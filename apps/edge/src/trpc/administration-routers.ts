/** The orders of people over tRPC: the same code behind the same schemas as over REST. */
import { hintRequestSchema } from '@foreshard/core/hints';
import { z } from 'zod';
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

const admin = procedure('admin');

async function told<T>({ trace }: EdgeContext, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw asProblem(error, trace);
  });
}

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

export const administrationRouters = { clusters, hints };
