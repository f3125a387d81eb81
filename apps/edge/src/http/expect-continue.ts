/**
 * Requests that ask before they send their body (Expect: 100-continue, RFC 9110, 10.1.1): they are told to
 * go on only when the headers were accepted, so a refused body never travels.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

const asking = new WeakSet<IncomingMessage>();

export function asksToContinue(request: IncomingMessage): void {
  asking.add(request);
}

/** Its body is not on its way, and will not be unless `letContinue` is called. */
export function isAsking(request: IncomingMessage): boolean {
  return asking.has(request);
}

export function letContinue(request: IncomingMessage, response: ServerResponse): void {
  if (asking.delete(request)) response.writeContinue();
}
