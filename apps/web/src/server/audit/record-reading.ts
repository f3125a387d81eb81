/**
 * Records that somebody reads payloads, or takes the audit log away: once for each request of a page. Reading goes on
 * while the database is away, as the events are elsewhere; the log of the process then says what was not recorded.
 */
import { recorded } from '@foreshard/core/operations';
import type { Identity } from '../identity/identify.ts';
import { originOf } from '../identity/identify.ts';
import type { ConsoleServer } from '../main.ts';

export interface Reading {
  readonly operation: 'events.page' | 'events.tail' | 'events.body' | 'events.export' | 'audit.export';
  readonly resource: 'event' | 'audit log';
  readonly target: string;
  readonly input: object;
}

export async function recordReading(
  { server, headers, identity }: { server: ConsoleServer; headers: Headers; identity: Identity },
  { input, ...reading }: Reading,
): Promise<void> {
  const { principal, sessionId } = identity;
  // what was not asked for tells nothing
  const asked = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
  const entry = { ...reading, principal, reason: '', input: recorded(asked) };
  const origin = originOf(headers, server.proxies, sessionId);
  await server.audit.done({ ...entry, origin }).catch((error: Error) => {
    const what = `${reading.operation} of ${reading.target} by ${principal.name}`;
    process.stderr.write(`console: ${what} is not in the audit log: ${error.message}\n`);
  });
}
