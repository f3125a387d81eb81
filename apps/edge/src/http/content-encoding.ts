/**
 * Bodies that come packed (RFC 9110, 8.4): gzip, which any HTTP client can make, and nothing else. What a
 * few bytes can unpack to is bounded by the limit of a body, and earlier by their proportion: events of any
 * kind pack to a twentieth, only bombs to a thousandth.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ForeshardError } from '@foreshard/core/kernel';

const GZIP: readonly string[] = ['gzip', 'x-gzip'];
const RATIO_MAX = 200;
/** less than this is not worth the question */
const RATIO_FREE_BYTES = 262_144;

/** @throws ForeshardError unsupported_media_type */
export function isGzipped({ 'content-encoding': encoding }: IncomingHttpHeaders): boolean {
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') return false;
  if (GZIP.includes(name)) return true;
  throw new ForeshardError(
    'unsupported_media_type',
    `Content-Encoding "${encoding}" is not supported: send the body with gzip, or as it is.`,
  );
}

/** The body unpacked; `fail` hears why it cannot be. */
export function unzipped(request: IncomingMessage, fail: (error: ForeshardError) => void): Readable {
  const gunzip = createGunzip();
  let [packed, unpacked] = [0, 0];
  request.on('data', (chunk: Buffer) => {
    packed += chunk.length;
  });
  gunzip.on('data', (chunk: Buffer) => {
    unpacked += chunk.length;
    if (unpacked > RATIO_FREE_BYTES && unpacked > packed * RATIO_MAX) fail(bomb());
  });
  gunzip.on('error', (error) => fail(malformed(error.message)));
  gunzip.on('close', () => {
    request.unpipe(gunzip);
    // what is still on its way is read and thrown away, or its sender would never get the answer
    request.resume();
  });
  return request.pipe(gunzip);
}

function bomb(): ForeshardError {
  return new ForeshardError(
    'body_too_large',
    `The body unpacks to more than ${RATIO_MAX} times its length: send it as it is.`,
  );
}

function malformed(reason: string): ForeshardError {
  return new ForeshardError('malformed_body', `The body is not gzip: ${reason}.`);
}
