/** Where a request comes from, as the audit log records it. */
import type { Origin } from '@foreshard/core/audit';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { requestId, traceOf } from '../http/trace.ts';

export function originOf(c: Context): Origin {
  const { incoming } = c.env as HttpBindings;
  return {
    surface: 'edge',
    address: incoming.socket.remoteAddress ?? '',
    requestId: requestId(traceOf(incoming)),
  };
}
