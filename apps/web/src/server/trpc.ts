/**
 * The base of every procedure: nothing is answered to nobody, each declares whom it is for, and a browser may change
 * something only from a page of the console itself. A request of another origin carries that origin and is refused
 * (the cookie is sent with top-level navigation only, but loopback is reachable for every page its user visits). Tools
 * send no Origin, and an API token.
 */
import { allows, mentions, OWN_CLUSTER, type Permission, type Target } from '@foreshard/core/access';
import { ERRORS, ForeshardError } from '@foreshard/core/kernel';
import { forbidden, requirePermission } from '@foreshard/core/operations';
import type { Refusal } from '@foreshard/core/topology';
import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError, z } from 'zod';
import { recordDenial } from './audit/record-denial.ts';
import type { Identity } from './identity/identify.ts';
import type { ConsoleServer } from './main.ts';
import { comesFromElsewhere } from './origin.ts';

export interface Context {
  readonly server: ConsoleServer;
  readonly headers: Headers;
  /** undefined: nobody who is known */
  readonly identity: Identity | undefined;
}

export interface SignedInContext extends Context {
  readonly identity: Identity;
}

/** What a procedure is for: tests walk all of them, and one without it fails. */
export interface Declared {
  /** every one of them is needed; nothing: whoever is signed in may ask */
  readonly permissions: readonly Permission[];
}

const t = initTRPC
  .context<Context>()
  .meta<Declared>()
  .create({
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
const reaching = t.procedure.use(async ({ ctx, path, type, next }) => {
  const startedMs = performance.now();
  const result = await next();
  const outcome = result.ok ? 'ok' : result.error.code;
  ctx.server.metrics.answered(path, type, outcome, (performance.now() - startedMs) / 1_000);
  if (result.ok || result.error.cause?.name !== 'DatabaseUnreachable') return result;
  const { message, cause } = result.error;
  throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message, cause });
});

/** Of somebody who is known. What is made from it declares for whom it is. */
const known = reaching.use(({ ctx, next }) => {
  const { identity } = ctx;
  if (identity === undefined) {
    const message = 'Sign in first. Programs send an API token.';
    throw new TRPCError({
      code: 'UNAUTHORIZED',
      message,
      cause: new ForeshardError('unauthorized', message),
    });
  }
  return next({ ctx: { ...ctx, identity } });
});

/** For whoever is signed in, whatever they may do. */
export const signedIn = known.meta({ permissions: [] });

/** What is asked for with this input. `anywhere`: for whoever holds it anywhere; the view leaves out what they may not see. */
type Asked = (input: unknown, server: ConsoleServer) => Target | 'anywhere';

/** For those who may do this. */
export function permitted(permission: Permission, askedFor: Asked) {
  return known.meta({ permissions: [permission] }).use(async ({ ctx, getRawInput, path, next }) => {
    // what cannot be read names nothing; that it cannot be read is said by whoever needs it
    const target = askedFor(await getRawInput().catch(() => undefined), ctx.server);
    await mayOrThrow(ctx, path, permission, target);
    return next();
  });
}

/** `path`: of the procedure, for the row of a denial. @throws TRPCError */
export async function mayOrThrow(
  ctx: SignedInContext,
  path: string,
  permission: Permission,
  target: Target | 'anywhere',
): Promise<void> {
  const { principal } = ctx.identity;
  try {
    if (target !== 'anywhere') requirePermission(principal, permission, target);
    else if (!mentions(principal.grants, permission)) throw forbidden(principal, permission);
  } catch (cause) {
    await recordDenial(ctx, { name: path, permission, target: target === 'anywhere' ? {} : target });
    throw new TRPCError({ code: 'FORBIDDEN', message: (cause as Error).message, cause });
  }
}

/** A view of the cluster, or of the external cluster whose name stands where that of a stream does. */
export const query = permitted('cluster:read', viewed);

/** A view of several clusters: for those who may see one, and of those that they may see. */
export const queryOfSeen = permitted('cluster:read', () => 'anywhere');

/** A view that tells of all clusters at once. */
export const queryOfEvery = permitted('cluster:read', () => ({}));

function viewed(input: unknown, { map }: ConsoleServer): Target {
  const stream = (input as { readonly stream?: unknown } | undefined)?.stream;
  if (typeof stream !== 'string' || map.map === undefined || map.map.streamNamed(stream) !== undefined)
    return { cluster: OWN_CLUSTER };
  return { cluster: stream };
}

/** What changes something, or could: asked for by a page of the console, while it is known who asks. */
const fromPage = known.use(({ ctx, next }) => {
  if (comesFromElsewhere(ctx.headers))
    throw new TRPCError({
      code: 'FORBIDDEN',
      message: 'This request does not come from a page of the console',
    });
  if (ctx.identity.readOnly)
    throw new TRPCError({
      code: 'SERVICE_UNAVAILABLE',
      message:
        'PostgreSQL does not answer, so it cannot be checked that you are still signed in. Nothing can be changed until it does.',
    });
  return next();
});

/** For those who may do all of this. */
export function ordering(permissions: readonly Permission[], target: Target | 'anywhere') {
  return fromPage.meta({ permissions }).use(async ({ ctx, path, next }) => {
    for (const permission of permissions) await mayOrThrow(ctx, path, permission, target);
    return next();
  });
}

/** Operations are judged where they are carried out. */
export const asking = (permission: Permission) => known.meta({ permissions: [permission] });
export const giving = (permission: Permission) => fromPage.meta({ permissions: [permission] });

/** How often a live feed looks whether its session still holds; the look itself may be 2 s old. */
const SESSION_LOOK_MS = 2_000;

/** Aborted when the client leaves, the console ends, or who follows may no longer. */
export function endingOf(
  { server, headers }: Context,
  signal: AbortSignal | undefined,
  [permission, target]: readonly [Permission, Target],
): AbortSignal {
  const over = new AbortController();
  const ending = AbortSignal.any([over.signal, server.closing, ...(signal === undefined ? [] : [signal])]);
  const look = async () => {
    const identity = await server.identify(headers).catch(() => undefined);
    if (identity === undefined || !allows(identity.principal.grants, permission, target)) over.abort();
  };
  const timer = setInterval(() => void look(), SESSION_LOOK_MS);
  timer.unref();
  ending.addEventListener('abort', () => clearInterval(timer), { once: true });
  return ending;
}

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
