/**
 * The body of every route but the posting of events. JSON is judged as an event is (RFC 7493), so that no
 * two readers see different things in it: each name once, bounded nesting, whole characters.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ForeshardError } from '@foreshard/core/kernel';
import { parse } from 'content-type';
import type { Context } from 'hono';
import { pointerTo } from '../cloudevents/json-pointer.ts';
import { JSON_FAULTS, JsonScanner } from '../cloudevents/json-scanner.ts';
import type { ByteBudget } from './byte-budget.ts';
import { isUtf8Charset } from './media-type.ts';
import { checkAnnounced, readBody } from './read-body.ts';

export interface BodyLimits {
  readonly bytesMax: number;
  readonly budget: ByteBudget;
}

/**
 * Hands the value to `use`, and counts its bytes as long as that takes.
 * @throws ForeshardError unsupported_media_type, body_too_large, malformed_body, overloaded
 */
export function withJsonBody<T>(
  c: Context,
  { bytesMax, budget }: BodyLimits,
  use: (value: unknown) => T | Promise<T>,
): Promise<T> {
  return withBytes(c, 'application/json', { bytesMax, budget }, (bytes) => use(jsonOf(bytes)));
}

/**
 * The same for a body of text of this media type.
 * @throws ForeshardError like `withJsonBody`
 */
export function withTextBody<T>(
  c: Context,
  mediaType: string,
  limits: BodyLimits,
  use: (text: string) => T | Promise<T>,
): Promise<T> {
  return withBytes(c, mediaType, limits, (bytes) => {
    if (!isUtf8(bytes)) throw malformed(NO_UTF8, '');
    return use(bytes.toString('utf8'));
  });
}

export function mediaTypeOf(c: Context): string {
  return parse(c.req.header('content-type') ?? '').type;
}

async function withBytes<T>(
  c: Context,
  mediaType: string,
  { bytesMax, budget }: BodyLimits,
  use: (bytes: Buffer) => T | Promise<T>,
): Promise<T> {
  const { type, parameters } = parse(c.req.header('content-type') ?? '');
  if (type !== mediaType || !isUtf8Charset(parameters.charset))
    throw new ForeshardError('unsupported_media_type', `This route takes ${mediaType} in UTF-8.`);
  const { incoming } = c.env as { readonly incoming: IncomingMessage };
  checkAnnounced(incoming, bytesMax);
  const body = await readBody(incoming, bytesMax, budget);
  try {
    return await use(body.bytes);
  } finally {
    body.release();
  }
}

/** @throws ForeshardError malformed_body */
export function jsonOf(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw malformed(NO_UTF8, '');
  const scanner = new JsonScanner(bytes, bytes.toString('latin1'));
  if (!scanner.isValue(0, bytes.length))
    throw malformed(`the body is no JSON (byte ${scanner.at})`, pointerTo(bytes, 0, scanner.at - 1));
  if (scanner.fault !== undefined)
    throw malformed(JSON_FAULTS[scanner.fault], pointerTo(bytes, 0, scanner.faultAt));
  return JSON.parse(bytes.toString('utf8'));
}

const NO_UTF8 = 'the body is not valid UTF-8';

function malformed(detail: string, pointer: string): ForeshardError {
  return new ForeshardError('malformed_body', detail, { pointer });
}
