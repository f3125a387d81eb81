/**
 * Reads a request's body within the limits of one body and of the whole edge. The bytes it takes from the
 * budget are given back by `release`, also when the client hangs up.
 */
import type { IncomingMessage } from 'node:http';
import { ForeshardError } from '@foreshard/core/kernel';
import type { ByteBudget } from './byte-budget.ts';

export interface ReceivedBody {
  readonly bytes: Buffer;
  release(): void;
}

/** The client went away before its body was complete: there is nobody to answer. */
export class HungUp extends Error {
  override readonly name = 'HungUp';
}

export const RETRY_AFTER_SECONDS = 1;

export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  budget: ByteBudget,
): Promise<ReceivedBody> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) return Promise.reject(tooLarge(bytesMax));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let taken = 0;
    const release = () => budget.give(taken);
    const fail = (error: Error) => {
      request.removeAllListeners('data');
      request.removeAllListeners('end');
      release();
      taken = 0;
      reject(error);
    };
    const grow = (to: number) => {
      if (to <= taken) return true;
      if (!budget.take(to - taken)) return false;
      taken = to;
      return true;
    };
    if (!grow(declared)) return fail(overloaded());
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > bytesMax) fail(tooLarge(bytesMax));
      else if (!grow(received)) fail(overloaded());
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, received);
      resolve({ bytes, release });
    });
    request.on('close', () => {
      if (!request.complete) fail(new HungUp());
    });
    request.on('error', () => {});
  });
}

function tooLarge(bytesMax: number): ForeshardError {
  return new ForeshardError('body_too_large', `The limit is ${bytesMax} bytes.`);
}

function overloaded(): ForeshardError {
  return new ForeshardError('overloaded', 'The edge holds as many bytes of requests as it may.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
