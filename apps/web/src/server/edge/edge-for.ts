/** Edges, asked as whoever makes a request of the console, from where that request comes. */
import { type Identity, originOf } from '../identity/identify.ts';
import type { ConsoleServer } from '../main.ts';
import type { EdgeCalls } from './edge-client.ts';

interface Asked {
  readonly server: Pick<ConsoleServer, 'edge' | 'proxies'>;
  readonly headers: Headers;
  readonly identity: Pick<Identity, 'principal' | 'sessionId'>;
}

export function edgeFor({ server, headers, identity }: Asked): EdgeCalls {
  return server.edge.as(identity.principal, originOf(headers, server.proxies, identity.sessionId));
}
