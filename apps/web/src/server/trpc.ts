/**
 * The base of every procedure. A browser may change something only from a page of the console itself: a
 * request of another origin carries that origin and is refused (there is no cookie to steal, but a
 * console on loopback is reachable for every page its user visits). Tools send no Origin and are let in.
 */
import { ERRORS, ForeshardError } from '@foreshard/core/kernel';
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
    const cure = cause instanceof ForeshardError ? ERRORS[cause.code].cure : undefined;
    // A stack may hold paths and addresses: it stays in the log.
    const { stack: _, ...data } = shape.data;
    return { ...shape, message, data: { ...data, cure } };
  },
});

export const router = t.router;
export const query = t.procedure;

export const mutation = t.procedure.use(({ ctx, next }) => {
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
  unexamined: 'PRECONDITION_FAILED',
} as const;

/** A refused decision is an ordinary answer of T; to a person it is an error with the reason. */
export function refused(refusal: Refusal): TRPCError {
  return new TRPCError({ code: CODE_OF_REFUSAL[refusal.reason], message: refusal.detail });
}

const CODE_OF_STATUS: Readonly<Partial<Record<number, TRPCError['code']>>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  503: 'SERVICE_UNAVAILABLE',
};

/** What another part of the control plane was asked; its errors are told as they are. */
export async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof ForeshardError)) throw cause;
    const code = CODE_OF_STATUS[ERRORS[cause.code].status] ?? 'INTERNAL_SERVER_ERROR';
    throw new TRPCError({ code, message: cause.message, cause });
  }
}

/** For what needs the map before T has answered. */
export function away(): TRPCError {
  return new TRPCError({
    code: 'SERVICE_UNAVAILABLE',
    message: 'PostgreSQL has not answered yet, so the topology is not known. It is tried again by itself.',
  });
}
