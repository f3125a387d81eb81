/**
 * Storing and reading over tRPC: the same code behind the same schemas as over REST, for clients written in
 * TypeScript, which take their types from `EdgeRouter`. An event that is not stored makes the call fail, with
 * a problem that tells what became of each.
 */
import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import type { Scope } from '../api/index.ts';
import { logPageSchema } from '../api/schemas.ts';
import { cloudEventSchema, resultsSchema } from '../cloudevents/schema.ts';
import type { Trace } from '../http/trace.ts';
import type { PageRequest } from '../reading/index.ts';
import { LIMIT_MAX } from '../reading/parameters.ts';
import { asProblem, ProblemError } from './errors.ts';

export interface StoreRequest {
  readonly authorization: string | undefined;
  readonly stream: string;
  readonly tokenTs: number;
  readonly trace: Trace;
}

export interface EdgeContext {
  readonly authorization: string | undefined;
  readonly trace: Trace;
  /** @throws ForeshardError unauthorized, forbidden */
  readonly require: (scope: Scope) => Promise<void>;
  /** a batch of events as bytes; the answer's body is what REST would answer */
  readonly store: (body: Buffer, request: StoreRequest) => Promise<{ status: number; body: string }>;
  /** a page as bytes, of a stream named by its name */
  readonly read: (stream: string, request: Omit<PageRequest, 'stream'>) => Promise<Buffer>;
}

const WAIT_MS_MAX = 30_000;

const t = initTRPC.context<EdgeContext>().create({
  errorFormatter({ shape, error }) {
    // a stack may hold paths and addresses: it stays in the log
    const { stack: _, ...data } = shape.data;
    const { problem, retryAfterSeconds } = error instanceof ProblemError ? error : NO_PROBLEM;
    const isFault = error.code === 'INTERNAL_SERVER_ERROR' && problem === undefined;
    const message = isFault ? 'An unexpected fault.' : shape.message;
    return { ...shape, message, data: { ...data, problem, retryAfterSeconds } };
  },
});

const NO_PROBLEM = { problem: undefined, retryAfterSeconds: undefined };

const procedure = (scope: Scope) =>
  t.procedure.use(async ({ ctx, next }) => {
    await ctx.require(scope).catch((error: unknown) => {
      throw asProblem(error, ctx.trace);
    });
    return next();
  });

const stream = z.string().default('main');

const ingest = procedure('ingest')
  .input(
    z.strictObject({
      stream,
      events: z.array(cloudEventSchema),
      /** the `ts` of an earlier answer: every event is ordered after it */
      after: z.int().min(0).default(0),
    }),
  )
  .output(resultsSchema)
  .mutation(async ({ ctx, input }) => {
    const { authorization, trace } = ctx;
    const body = Buffer.from(JSON.stringify(input.events));
    const request = { authorization, trace, stream: input.stream, tokenTs: input.after };
    const answer = await ctx.store(body, request).catch((error: unknown) => {
      throw asProblem(error, trace);
    });
    const parsed = JSON.parse(answer.body);
    if (answer.status === 200) return parsed;
    throw new ProblemError(parsed, undefined);
  });

const read = procedure('read')
  .input(
    z.strictObject({
      stream,
      key: z.string().min(1).optional(),
      /** "next" of an earlier page, "oldest" (when left out) or "now" */
      from: z.string().optional(),
      limit: z.int().min(1).max(LIMIT_MAX).default(1_000),
      /** how long an empty page waits for events */
      waitMs: z.int().min(0).max(WAIT_MS_MAX).default(0),
    }),
  )
  .output(logPageSchema)
  .query(async ({ ctx, input, signal }) => {
    const { stream: name, key, from, limit, waitMs } = input;
    const request = {
      from,
      limit,
      waitMs,
      ...(key === undefined ? {} : { key }),
      ...(signal ? { signal } : {}),
    };
    const body = await ctx.read(name, request).catch((error: unknown) => {
      throw asProblem(error, ctx.trace);
    });
    return JSON.parse(body.toString('utf8'));
  });

export const edgeRouter = t.router({ events: t.router({ ingest, read }) });

/** What clients build on: createTRPCClient<EdgeRouter>(...). */
export type EdgeRouter = typeof edgeRouter;
