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

/**
 * The same for a body of octets.
 * @throws ForeshardError unsupported_media_type, body_too_large, overloaded
 */
export function withOctets<T>(
  c: Context,
  limits: BodyLimits,
  use: (bytes: Buffer) => T | Promise<T>,
): Promise<T> {
  return withBytes(c, 'application/octet-stream', limits, use);
}

/**
 * For a route that takes no body: what nobody reads must not look as if it had been taken. A document without members is
 * none, since some clients send one with every request.
 * @throws ForeshardError invalid_parameter with the members as places; overloaded
 */
export async function requireNoBody(c: Context, limits: BodyLimits): Promise<void> {
  if (!hasBody(c)) return;
  const { incoming } = c.env as { readonly incoming: IncomingMessage };
  const body = await readBody(incoming, limits.bytesMax, limits.budget).catch((error: unknown) => {
    const isBody = error instanceof ForeshardError && error.code !== 'overloaded';
    throw isBody ? unwanted([]) : error;
  });
  try {
    const members = membersOf(body.bytes);
    if (members === undefined || members.length > 0) throw unwanted(members ?? []);
  } finally {
    body.release();
  }
}

/** of a document, or of nothing; undefined: it is something else */
function membersOf(bytes: Buffer): readonly string[] | undefined {
  if (bytes.length === 0) return [];
  try {
    const value = jsonOf(bytes);
    const isDocument = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isDocument ? Object.keys(value) : undefined;
  } catch {
    return undefined;
  }
}

function unwanted(members: readonly string[]): ForeshardError {
  const detail = 'this operation takes no body';
  const places = members.map((member) => ({
    pointer: `/${member.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`,
    detail,
  }));
  return new ForeshardError('invalid_parameter', detail, { places });
}

export function hasBody(c: Context): boolean {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = c.req.header();
  return type !== undefined || coding !== undefined || Number(length ?? 0) > 0;
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
