/** Mounts tRPC beside REST, within the same limits of a body. */
import { ForeshardError } from '@foreshard/core/kernel';
import type { HttpBindings } from '@hono/node-server';
import { trpcServer } from '@hono/trpc-server';
import type { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { TokenCheck } from '../http/token-check.ts';
import { type Trace, traceOf } from '../http/trace.ts';
import { originOf } from '../operations/origin.ts';
import type { EdgeContext } from './procedure.ts';
import { edgeRouter } from './router.ts';

export interface TrpcParts extends Pick<EdgeContext, 'store' | 'read' | 'records' | 'operations'> {
  readonly tokens: Pick<TokenCheck, 'require'>;
  readonly bodyBytesMax: number;
  /** bytes of all requests that are being worked on */
  readonly budget: { take(bytes: number): boolean; give(bytes: number): void };
  readonly fault: (error: unknown, trace: Trace) => void;
}

const ENDPOINT = '/trpc';
const METHODS = 'GET, HEAD, OPTIONS, POST';
const JSON_TYPE = /^application\/json(?:[ ;]|$)/i;

export function mountTrpc(app: Hono, parts: TrpcParts): void {
  const { bodyBytesMax, budget, fault } = parts;
  app.use(
    `${ENDPOINT}/*`,
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => {
        throw new ForeshardError('body_too_large', `The limit is ${bodyBytesMax} bytes.`);
      },
    }),
    // what tRPC itself would answer in a way of its own
    async (c, next) => {
      const { method } = c.req;
      if (method === 'OPTIONS') return c.body(null, 204, { allow: METHODS });
      if (!METHODS.includes(method))
        throw new ForeshardError('method_not_allowed', `${c.req.path} takes ${METHODS}.`, {
          headers: { allow: METHODS },
        });
      if (method === 'POST' && !JSON_TYPE.test(c.req.header('content-type') ?? ''))
        throw new ForeshardError('unsupported_media_type', 'tRPC takes its input as application/json.');
      return next();
    },
    async (c, next) => {
      // a body without a length may become as large as one can be
      const bytes = c.req.method === 'POST' ? Number(c.req.header('content-length') ?? bodyBytesMax) : 0;
      if (!budget.take(bytes))
        throw new ForeshardError('overloaded', 'The edge holds as many bytes of requests as it may.', {
          retryAfterSeconds: 1,
        });
      try {
        await next();
      } finally {
        budget.give(bytes);
      }
    },
    trpcServer({
      router: edgeRouter,
      endpoint: ENDPOINT,
      createContext({ resHeaders }, c): EdgeContext & Record<string, unknown> {
        const authorization = c.req.header('authorization');
        const { store, read, records, operations } = parts;
        const { incoming } = c.env as HttpBindings;
        return {
          ...{ store, read, records, operations },
          origin: originOf(c),
          trace: traceOf(incoming),
          require: (permission) => parts.tokens.require(authorization, incoming.socket, permission),
          setFields(fields) {
            for (const [name, value] of Object.entries(fields)) resHeaders.set(name, value);
          },
        };
      },
      onError({ error, ctx }) {
        const isOurs =
          error.code === 'INTERNAL_SERVER_ERROR' && error.name === 'TRPCError' && !('problem' in error);
        if (isOurs) fault(error.cause ?? error, (ctx as unknown as EdgeContext).trace);
      },
    }),
  );
}
