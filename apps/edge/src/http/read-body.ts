/**
 * Reads a request's body within the limits of one body and of the whole edge, which count it unpacked. The
 * edge's budget is taken by what has arrived, not by what was announced, or a few clients that announce much
 * and send nothing would keep all others out. It is given back by `release`, also when the client hangs up.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { ForeshardError } from '@foreshard/core/kernel';
import type { ByteBudget } from './byte-budget.ts';
import { isGzipped, unzipped } from './content-encoding.ts';

export interface ReceivedBody {
  readonly bytes: Buffer;
  release(): void;
}

/** The client went away before its body was complete: there is nobody to answer. */
export class HungUp extends Error {
  override readonly name = 'HungUp';
}

const RETRY_AFTER_SECONDS = 1;

/** @throws ForeshardError body_too_large, unsupported_media_type: by what the headers tell */
export function checkAnnounced(request: IncomingMessage, bytesMax: number): void {
  isGzipped(request.headers);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  budget: ByteBudget,
): Promise<ReceivedBody> {
  return new Promise((resolve, reject) => {
    const pieces = new Pieces();
    const body: Readable = isGzipped(request.headers) ? unzipped(request, (error) => fail(error)) : request;
    const release = () => budget.give(pieces.length);
    let isOver = false;
    const fail = (error: Error) => {
      if (isOver) return;
      isOver = true;
      body.removeAllListeners('data');
      body.removeAllListeners('end');
      if (body !== request) body.destroy();
      release();
      pieces.clear();
      reject(error);
    };
    body.on('data', (chunk: Buffer) => {
      if (isOver) return;
      if (pieces.length + chunk.length > bytesMax) fail(tooLarge(bytesMax));
      else if (!budget.take(chunk.length)) fail(overloaded());
      else pieces.push(chunk);
    });
    body.on('end', () => {
      isOver = true;
      resolve({ bytes: pieces.whole(), release });
    });
    request.on('close', () => {
      if (!request.complete) fail(new HungUp());
    });
    request.on('error', () => {});
  });
}

const GATHER_BYTES = 4_096;

/**
 * What arrived so far. Small pieces are gathered: a body sent byte by byte would otherwise cost a hundred
 * times its length.
 */
class Pieces {
  length = 0;
  private list: Buffer[] = [];
  private gathering: Buffer | undefined;
  private gathered = 0;

  push(chunk: Buffer): void {
    const isFirst = this.length === 0;
    this.length += chunk.length;
    if (isFirst || chunk.length >= GATHER_BYTES) {
      this.endGathering();
      this.list.push(chunk);
      return;
    }
    if (this.gathered + chunk.length > GATHER_BYTES) this.endGathering();
    this.gathering ??= Buffer.allocUnsafeSlow(GATHER_BYTES);
    this.gathered += chunk.copy(this.gathering, this.gathered);
  }

  whole(): Buffer {
    this.endGathering();
    return this.list.length === 1 ? this.list[0]! : Buffer.concat(this.list, this.length);
  }

  clear(): void {
    this.length = 0;
    this.list = [];
    this.gathering = undefined;
    this.gathered = 0;
  }

  private endGathering(): void {
    if (this.gathering !== undefined) this.list.push(this.gathering.subarray(0, this.gathered));
    this.gathering = undefined;
    this.gathered = 0;
  }
}

function tooLarge(bytesMax: number): ForeshardError {
  return new ForeshardError('body_too_large', `The limit is ${bytesMax} bytes.`);
}

function overloaded(): ForeshardError {
  return new ForeshardError('overloaded', 'The edge holds as many bytes of requests as it may.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
