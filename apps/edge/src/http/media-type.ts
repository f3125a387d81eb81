/**
 * How a body carries its events, told by its media type (CloudEvents HTTP binding 1.0.2, 3): the event
 * formats we know, lines of events for bulk, and, for any other type, one event in the headers whose data
 * the body is. Only UTF-8: JSON knows no other encoding between systems (RFC 8259, 8.1).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isMediaType } from '@foreshard/core/cloudevents';
import { ForeshardError } from '@foreshard/core/kernel';
import { parse } from 'content-type';

export const BODY_FORMATS = {
  /** one event */
  'application/cloudevents+json': 'structured',
  /** a JSON array of events */
  'application/cloudevents-batch+json': 'batch',
  /** an event a line */
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
} as const;
export type BodyFormat = (typeof BODY_FORMATS)[keyof typeof BODY_FORMATS];
export type ContentMode = BodyFormat | 'binary';

const known: ReadonlyMap<string, BodyFormat> = new Map(Object.entries(BODY_FORMATS));
const EVENT_FORMATS = 'application/cloudevents';
/** what only an event in headers has */
const REQUIRED_HEADERS = ['ce-specversion', 'ce-id', 'ce-source', 'ce-type'] as const;

/** @throws ForeshardError unsupported_media_type */
export function contentModeOf(headers: IncomingHttpHeaders): ContentMode {
  const contentType = headers['content-type'];
  const isBinary = REQUIRED_HEADERS.some((name) => headers[name] !== undefined);
  if (contentType === undefined) {
    if (isBinary) return 'binary';
    throw unsupported('The request has no Content-Type.');
  }
  const { type, parameters } = parse(contentType);
  // lines of events are our own format: beside an event in the headers they are its data
  if (isBinary && !type.startsWith(EVENT_FORMATS)) return 'binary';
  const format = known.get(type);
  if (format === undefined || !isMediaType(contentType.trim())) {
    throw unsupported(`Content-Type "${contentType}" is not supported.`);
  }
  if (!isUtf8Charset(parameters.charset)) {
    throw unsupported(`The charset "${parameters.charset}" is not supported: send UTF-8.`);
  }
  return format;
}

export function isUtf8Charset(charset: string | undefined): boolean {
  return charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset);
}

function unsupported(detail: string): ForeshardError {
  return new ForeshardError('unsupported_media_type', detail);
}
