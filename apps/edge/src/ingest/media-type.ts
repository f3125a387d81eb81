/**
 * How a body carries its events, told by its media type. Only UTF-8: JSON knows no other encoding between
 * systems (RFC 8259, 8.1).
 */
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

const known: ReadonlyMap<string, BodyFormat> = new Map(Object.entries(BODY_FORMATS));

/** @throws ForeshardError unsupported_media_type */
export function bodyFormat(contentType: string | undefined, contentEncoding: string | undefined): BodyFormat {
  if (contentEncoding !== undefined && contentEncoding !== 'identity') {
    throw unsupported(`Content-Encoding "${contentEncoding}" is not supported: send the body as it is.`);
  }
  if (contentType === undefined) throw unsupported('The request has no Content-Type.');
  const { type, parameters } = parse(contentType);
  const format = known.get(type);
  if (format === undefined) throw unsupported(`Content-Type "${type}" is not supported.`);
  const charset = parameters.charset?.toLowerCase() ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii') {
    throw unsupported(`The charset "${charset}" is not supported: send UTF-8.`);
  }
  return format;
}

function unsupported(detail: string): ForeshardError {
  return new ForeshardError('unsupported_media_type', detail);
}
