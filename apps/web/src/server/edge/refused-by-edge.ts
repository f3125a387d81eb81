/** What the edge refuses, as the console refuses it: in the edge's words, under the code that belongs to its status. */
import { TRPCError } from '@trpc/server';
import { EdgeRefusal } from './edge-client.ts';

const CODES = { 400: 'BAD_REQUEST', 401: 'UNAUTHORIZED', 403: 'FORBIDDEN', 404: 'NOT_FOUND' } as const;

/** @throws TRPCError for a refusal of the edge, else the error as it is */
export function refusedByEdge(error: unknown): never {
  if (!(error instanceof EdgeRefusal)) throw error;
  const code = CODES[error.status as keyof typeof CODES] ?? 'SERVICE_UNAVAILABLE';
  throw new TRPCError({ code, message: error.message, cause: error });
}
