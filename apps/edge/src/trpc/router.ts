/**
 * Storing, reading and telling over tRPC: the same code behind the same schemas as over REST, for clients of
 * TypeScript, which take their types from `EdgeRouter`. As over REST every event has its own result, and every
 * record of the query layer; a call fails where nothing of it was looked at.
 */
import type { cloudEventSchema } from '@foreshard/core/cloudevents';
import { ForeshardError } from '@foreshard/core/kernel';
import {
  events as eventOperations,
  OPERATIONS,
  type OutputOf,
  PAGE_EVENTS_DEFAULT,
  PAGE_EVENTS_MAX,
  PAGE_WAIT_MS_MAX,
  problemSchema,
  reading,
  requirePermission,
  telemetry,
} from '@foreshard/core/operations';
import type { accessRecordSchema, instanceRecordSchema } from '@foreshard/core/telemetry';
import { z } from 'zod';
import { JSON_FAULTS } from '../cloudevents/json-scanner.ts';
import type { Trace } from '../http/trace.ts';
import type { RecordResult } from '../telemetry/record-intake.ts';
import { asProblem } from './errors.ts';
import { operationRouters } from './operation-procedures.ts';
import { type EdgeContext, procedure, t } from './procedure.ts';

const stream = z.string().default('main');

/** Typed for clients, and judged one by one: a wrong one must not cost the others. */
const events = z.custom<z.input<typeof cloudEventSchema>[]>(Array.isArray, 'an array of events is expected');

/** the same results as over REST; with a problem where an event is not durable */
const stored = eventOperations.ingest.output.extend({ problem: problemSchema.optional() });

const ingest = procedure(eventOperations.ingest.permission)
  .input(
    z.strictObject({
      stream,
      events,
      /** the `ts` of an earlier answer: every event is ordered after it */
      after: z.int().min(0).default(0),
    }),
  )
  .output(stored)
  .mutation(async ({ ctx, input }) => {
    const { identity, trace } = ctx;
    const body = bytesOf(input.events, trace);
    const request = { bearer: identity.bearer, trace, stream: input.stream, tokenTs: input.after };
    const answer = await ctx.store(body, request).catch((error: unknown) => {
      if (error instanceof ForeshardError) ctx.setFields(error.headers ?? {});
      throw asProblem(error, trace);
    });
    ctx.setFields(answer.fields);
    const { results, ...problem } = JSON.parse(answer.body);
    return answer.status === 200 ? { results } : { results, problem };
  });

/** What is nested deeper than the stack is deep is refused as such, not as a fault of the edge. */
function bytesOf(value: readonly unknown[], trace: Trace): Buffer {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const refusal = new ForeshardError('malformed_body', JSON_FAULTS.deep, { pointer: '/events' });
    throw asProblem(refusal, trace);
  }
}

const read = procedure(reading.log.permission)
  .input(
    z.strictObject({
      stream,
      key: z.string().min(1).optional(),
      /** "next" of an earlier page, "oldest" (when left out) or "now" */
      from: z.string().optional(),
      limit: z.int().min(1).max(PAGE_EVENTS_MAX).default(PAGE_EVENTS_DEFAULT),
      /** how long an empty page waits for events */
      waitMs: z.int().min(0).max(PAGE_WAIT_MS_MAX).default(0),
    }),
  )
  .output(z.union([reading.log.output, reading.key.output]))
  .query(async ({ ctx, input, signal }) => {
    const { stream: name, key, from, limit, waitMs } = input;
    const { principal, holds } = ctx.identity;
    const target = { stream: name, key };
    const mayRead = () => holds(reading.log.permission, target);
    const request = {
      from,
      limit,
      waitMs,
      ...(key === undefined ? {} : { key }),
      ...(signal ? { signal } : {}),
    };
    try {
      requirePermission(principal, reading.log.permission, target);
      return JSON.parse((await ctx.read(name, request, mayRead)).toString('utf8'));
    } catch (error) {
      throw asProblem(error, ctx.trace);
    }
  });

type RecordResults = OutputOf<typeof telemetry.accesses>;
type OneOrMany<S extends z.ZodType> = z.input<S> | z.input<S>[];

const accesses = procedure(telemetry.accesses.permission)
  .input(z.custom<OneOrMany<typeof accessRecordSchema>>())
  .output(telemetry.accesses.output)
  .mutation(({ ctx, input }) => judged(ctx, ctx.records.accesses(input)));

const instances = procedure(telemetry.instances.permission)
  .input(z.custom<OneOrMany<typeof instanceRecordSchema>>())
  .output(telemetry.instances.output)
  .mutation(({ ctx, input }) => judged(ctx, ctx.records.instances(input)));

async function judged({ trace }: EdgeContext, results: Promise<RecordResult[]>): Promise<RecordResults> {
  try {
    return { results: await results } as RecordResults;
  } catch (error) {
    throw asProblem(error, trace);
  }
}

export const edgeRouter = t.router({
  events: t.router({ ingest, read }),
  telemetry: t.router({ accesses, instances }),
  ...operationRouters(OPERATIONS),
});

/** What clients build on: createTRPCClient<EdgeRouter>(...). */
export type EdgeRouter = typeof edgeRouter;
