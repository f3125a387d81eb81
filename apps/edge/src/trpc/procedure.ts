/** What every procedure has: who asks, and what is done for them. */
import type { Permission } from '@foreshard/core/access';
import type { Origin } from '@foreshard/core/audit';
import type { Operations } from '@foreshard/core/operations';
import { initTRPC } from '@trpc/server';
import type { Bearer } from '../http/bearer.ts';
import type { Identity } from '../http/token-check.ts';
import type { Trace } from '../http/trace.ts';
import type { BoundOperations } from '../operations/bound.ts';
import type { PageRequest } from '../reading/index.ts';
import type { RecordIntake } from '../telemetry/record-intake.ts';
import { asProblem, ProblemError, problemOfTrpc } from './errors.ts';

export interface StoreRequest {
  readonly bearer: Bearer;
  readonly stream: string;
  readonly tokenTs: number;
  readonly trace: Trace;
}

export interface StoreAnswer {
  readonly status: number;
  readonly body: string;
  /** fields of the header, of the quotas that hold */
  readonly fields: Readonly<Record<string, string>>;
}

export interface EdgeContext {
  readonly trace: Trace;
  /** @throws ForeshardError unauthorized, forbidden */
  readonly require: (permission?: Permission) => Promise<Identity>;
  /** a batch of events as bytes; the answer's body is what REST would answer */
  readonly store: (body: Buffer, request: StoreRequest) => Promise<StoreAnswer>;
  /** a page as bytes, of a stream named by its name */
  readonly read: (
    stream: string,
    request: Omit<PageRequest, 'stream'>,
    mayRead: () => boolean,
  ) => Promise<Buffer>;
  readonly records: Pick<RecordIntake, 'accesses' | 'instances'>;
  /** what is derived from the table, and who calls */
  readonly operations: Pick<BoundOperations<Operations>, 'handlerOf' | 'requireMentioned'>;
  readonly origin: Origin;
  /** puts fields into the header of the answer */
  readonly setFields: (fields: Readonly<Record<string, string>>) => void;
}

export const t = initTRPC.context<EdgeContext>().create({
  errorFormatter({ shape, error }) {
    // a stack may hold paths and addresses: it stays in the log
    const { stack: _, ...data } = shape.data;
    const { problem, retryAfterSeconds } = error instanceof ProblemError ? error : problemOfTrpc(error);
    return { ...shape, message: problem.detail, data: { ...data, problem, retryAfterSeconds } };
  },
});

/** `permission`: without one only who calls is known, for what is judged, and recorded, where it is carried out. */
const admitted = (permission?: Permission) =>
  t.procedure.use(async ({ ctx, next }) => {
    const identity = await ctx.require(permission).catch((error: unknown) => {
      throw asProblem(error, ctx.trace);
    });
    const { principal, bearer } = identity;
    return next({ ctx: { identity, principal, origin: { ...ctx.origin, ...bearer.client } } });
  });

export const procedure = (permission: Permission) => admitted(permission);
export const known = admitted();
