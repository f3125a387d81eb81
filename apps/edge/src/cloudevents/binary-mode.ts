/**
 * An event in headers (CloudEvents HTTP binding 1.0.2, 3.1) becomes the same event in the JSON format, which
 * is what is stored and read back. Attributes are written as they are decoded; whether they are right is
 * for the scanner to say, as for any other event.
 *
 * The data becomes `data` where it is JSON, or a text that is valid UTF-8 and says so; everything else
 * becomes `data_base64`, which holds the same bytes.
 */
import { isUtf8 } from 'node:buffer';
import { parse } from 'content-type';
import { isExtensionName } from './attributes.ts';
import { escaped } from './json-pointer.ts';
import { JsonScanner } from './json-scanner.ts';

export class BinaryFault {
  readonly code: 'malformed_body' | 'invalid_event' | 'unsupported_media_type';
  readonly detail: string;
  readonly pointer: string;

  constructor(code: BinaryFault['code'], detail: string, pointer: string) {
    this.code = code;
    this.detail = detail;
    this.pointer = pointer;
  }
}

const PREFIX = 'ce-';
/** They are in the body and in Content-Type, and must not be given twice. */
const ELSEWHERE: ReadonlySet<string> = new Set(['datacontenttype', 'data', 'data_base64']);

/**
 * The event in the JSON format. `rawHeaders`: names and values in turn, as Node.js tells them, each header by
 * itself.
 */
export function binaryEvent(rawHeaders: readonly string[], body: Buffer): Buffer | BinaryFault {
  const members = attributesOf(rawHeaders);
  if (members instanceof BinaryFault) return members;
  const contentType = contentTypeOf(rawHeaders);
  if (contentType !== undefined) members.set('datacontenttype', contentType);
  const data = dataOf(contentType, body);
  if (data instanceof BinaryFault) return data;
  const head = JSON.stringify(Object.fromEntries(members)).slice(0, -1);
  const comma = members.size > 0 && data.length > 0 ? ',' : '';
  return Buffer.concat([Buffer.from(head + comma), ...data, Buffer.from('}')]);
}

function attributesOf(rawHeaders: readonly string[]): Map<string, string> | BinaryFault {
  const members = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const header = rawHeaders[i]!.toLowerCase();
    if (!header.startsWith(PREFIX)) continue;
    const name = header.slice(PREFIX.length);
    const fault = nameFault(name, members);
    if (fault !== undefined) return fault;
    const value = decodeHeader(rawHeaders[i + 1]!);
    if (value === undefined) return invalid(name, `the header "${header}" ${NOT_DECODED}`);
    members.set(name, value);
  }
  return members;
}

const NOT_DECODED = 'cannot be decoded: printable ASCII, the rest percent-encoded as UTF-8';

function nameFault(name: string, members: ReadonlyMap<string, string>): BinaryFault | undefined {
  if (ELSEWHERE.has(name))
    return invalid(name, `"${PREFIX}${name}" is no header: it is told by Content-Type and the body`);
  if (!isExtensionName(name)) {
    return invalid(name, `"${name}" is no name of an attribute: lower-case letters and digits`);
  }
  return members.has(name) ? invalid(name, `the header "${PREFIX}${name}" is given twice`) : undefined;
}

function invalid(name: string, detail: string): BinaryFault {
  return new BinaryFault('invalid_event', detail, `/${escaped(name)}`);
}

const PRINTABLE = /^[\x20-\x7e\t]*$/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;

/**
 * First the quotes of older senders, then one round of percent-decoding (3.1.3.2); `undefined` when the
 * bytes are no UTF-8.
 */
function decodeHeader(value: string): string | undefined {
  if (!PRINTABLE.test(value)) return undefined;
  const quoted = QUOTED.exec(value);
  if (quoted === null && value.startsWith('"')) return undefined;
  const unquoted = quoted === null ? value : quoted[1]!.replace(/\\(.)/g, '$1');
  if (!unquoted.includes('%')) return unquoted;
  try {
    return decodeURIComponent(unquoted);
  } catch {
    return undefined;
  }
}

function contentTypeOf(rawHeaders: readonly string[]): string | undefined {
  const at = rawHeaders.findIndex((header, i) => i % 2 === 0 && header.toLowerCase() === 'content-type');
  return at === -1 ? undefined : rawHeaders[at + 1];
}

/** The member that holds the data, in pieces; none where there is no data. */
function dataOf(contentType: string | undefined, body: Buffer): Buffer[] | BinaryFault {
  if (body.length === 0) return [];
  const { type, parameters } = parse(contentType ?? '');
  const saysUtf8 = /^(utf-?8|us-ascii)$/i.test(parameters.charset ?? 'utf-8');
  if (isJsonType(type)) return saysUtf8 ? jsonData(body) : notUtf8(parameters.charset!);
  if (isTextType(type) && saysUtf8 && isUtf8(body))
    return [DATA, Buffer.from(JSON.stringify(body.toString()))];
  return [DATA_BASE64, Buffer.from(`"${body.toString('base64')}"`)];
}

const DATA = Buffer.from('"data":');
const DATA_BASE64 = Buffer.from('"data_base64":');

/** The media types of JSON (JSON format 1.0.2, 3.1.1). */
function isJsonType(type: string): boolean {
  return type.endsWith('/json') || type.endsWith('+json');
}

function isTextType(type: string): boolean {
  return type.startsWith('text/') || type.endsWith('/xml') || type.endsWith('+xml');
}

function notUtf8(charset: string): BinaryFault {
  const detail = `JSON in the charset "${charset}" is not supported: send UTF-8`;
  return new BinaryFault('unsupported_media_type', detail, '/datacontenttype');
}

/** It becomes part of the event as it is, so it has to be one value and nothing more. */
function jsonData(body: Buffer): Buffer[] | BinaryFault {
  if (!isUtf8(body)) return new BinaryFault('malformed_body', 'the data is not valid UTF-8', '/data');
  const bytes = body[0] === 0xef ? body.subarray(3) : body;
  const scanner = new JsonScanner(bytes, bytes.toString('latin1'));
  if (scanner.isValue(0, bytes.length)) return [DATA, bytes];
  const detail = `the data is not JSON, which Content-Type says it is (byte ${scanner.at})`;
  return new BinaryFault('malformed_body', detail, '/data');
}
