/**
 * The base of every procedure. A browser may change something only from a page of the console itself: a
 * request of another origin carries that origin and is refused (there is no cookie to steal, but a
 * console on loopback is reachable for every page its user visits). Tools send no Origin and are let in.
 */
import { ERRORS, type ForeshardError } from '@foreshard/core/kernel';
import type { Refusal } from '@foreshard/core/topology';
import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError, z } from 'zod';
import type { ConsoleServer } from './main.ts';
import { comesFromElsewhere } from './origin.ts';

export interface Context {
  readonly server: ConsoleServer;
  readonly headers: Headers;
}

const t = initTRPC.context<Context>().create({
  // Frames come each second; the ping speaks for a server whose frames are held up.
  sse: { ping: { enabled: true, intervalMs: 2_000 }, client: { reconnectAfterInactivityMs: 6_000 } },
  errorFormatter({ shape, error }) {
    const cause = error.cause;
    const message = cause instanceof ZodError ? z.prettifyError(cause) : shape.message;
    const refusal = cause !== undefined && isForeshardError(cause) ? cause.code : undefined;
    const cure = refusal === undefined ? undefined : ERRORS[refusal].cure;
    // A stack may hold paths and addresses: it stays in the log.
    const { stack: _, ...data } = shape.data;
    return { ...shape, message, data: { ...data, refusal, cure } };
  },
});

export const router = t.router;

/** By name: each route has its own copy of the class. */
export const query = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (result.ok || result.error.cause?.name !== 'DatabaseUnreachable') return result;
  const { message, cause } = result.error;
  throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message, cause });
});

export const mutation = query.use(({ ctx, next }) => {
  if (comesFromElsewhere(ctx.headers))
    throw new TRPCError({
      code: 'FORBIDDEN',
      message: 'This request does not come from a page of the console',
    });
  return next();
});

const CODE_OF_REFUSAL = {
  changed: 'CONFLICT',
  unknown: 'NOT_FOUND',
  exists: 'CONFLICT',
  in_use: 'CONFLICT',
  not_allowed: 'BAD_REQUEST',
  unexamined: 'CONFLICT',
} as const;

/** A refused decision is an ordinary answer of the topology store; to a person it is an error with the reason. */
export function refused(refusal: Refusal): TRPCError {
  return new TRPCError({ code: CODE_OF_REFUSAL[refusal.reason], message: refusal.detail });
}

/** What a worker was asked, or why none has answered; what is wrong with the question is thrown. */
export async function asked<T>(
  answer: Promise<T>,
): Promise<{ readonly answer: T } | { readonly answer: null; readonly away: string }> {
  try {
    return { answer: await answer };
  } catch (cause) {
    if (!isForeshardError(cause)) throw cause;
    if (cause.code === 'store_unreachable') return { answer: null, away: cause.message };
    throw new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause });
  }
}

/** By name: each route has its own copy of the class. */
function isForeshardError(error: unknown): error is ForeshardError {
  return (error as Error).name === 'ForeshardError';
}

/** For what needs the map before the topology store has answered. */
export function away(): TRPCError {
  return new TRPCError({
    code: 'SERVICE_UNAVAILABLE',
    message: 'PostgreSQL has not answered yet, so the topology is not known. It is tried again by itself.',
  });
}
