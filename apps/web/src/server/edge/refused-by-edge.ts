/** What the edge refuses, as the console refuses it: in the edge's words, under the code that belongs to its status. */
import { TRPCError } from '@trpc/server';
import type { EdgeRefusal } from './edge-client.ts';

const CODES = { 400: 'BAD_REQUEST', 401: 'UNAUTHORIZED', 403: 'FORBIDDEN', 404: 'NOT_FOUND' } as const;

/** Undefined for what is no refusal of the edge. By name: each route has its own copy of the class. */
export function edgeRefusal(error: unknown): TRPCError | undefined {
  if ((error as Error).name !== 'EdgeRefusal') return undefined;
  const { status, message } = error as EdgeRefusal;
  const code = CODES[status as keyof typeof CODES] ?? 'SERVICE_UNAVAILABLE';
  return new TRPCError({ code, message, cause: error });
}

/** @throws TRPCError for a refusal of the edge, else the error as it is */
export function refusedByEdge(error: unknown): never {
  throw edgeRefusal(error) ?? error;
}
