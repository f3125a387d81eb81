/** Where a request comes from, as the audit log records it. */
import type { AssertedClient } from '@foreshard/core/access';
import type { Origin } from '@foreshard/core/audit';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { requestId, traceOf } from '../http/trace.ts';

/** `client`: of a person who asks through a console, which would else be the address of all people. */
export function originOf(c: Context, client?: AssertedClient): Origin {
  const { incoming } = c.env as HttpBindings;
  return {
    surface: 'edge',
    address: incoming.socket.remoteAddress ?? '',
    requestId: requestId(traceOf(incoming)),
    ...client,
  };
}
