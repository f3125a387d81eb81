/**
 * A body as bytes, and where its events begin and end among them. The bytes are what is stored, as they
 * were sent; beside them stand the same bytes as a text of one character each, because short texts are cut
 * out of a text faster than out of bytes.
 */
import { isUtf8 } from 'node:buffer';

export interface Body {
  readonly bytes: Buffer;
  readonly latin1: string;
  /** of the whole; where it is false, each event is looked at */
  readonly isUtf8: boolean;
}

/** Item i is [from[i], to[i]). */
export interface Bounds {
  readonly from: number[];
  readonly to: number[];
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** A byte order mark at the very beginning is passed over, as RFC 8259 (8.1) permits. */
export function decodeBody(body: Buffer): Body {
  const bytes = withoutByteOrderMark(body);
  return { bytes, latin1: bytes.toString('latin1'), isUtf8: isUtf8(bytes) };
}

export function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A newline byte is a newline in UTF-8, also beside invalid bytes. Lines of white space are passed over. */
export function linesOf({ bytes, latin1 }: Body): Bounds {
  const bounds: Bounds = { from: [], to: [] };
  for (let at = 0; at < bytes.length; ) {
    const newline = latin1.indexOf('\n', at);
    const end = newline === -1 ? bytes.length : newline;
    pushTrimmed(bounds, bytes, at, end);
    at = end + 1;
  }
  return bounds;
}

/** All of it as one item. */
export function wholeOf({ bytes }: Body): Bounds {
  const bounds: Bounds = { from: [], to: [] };
  pushTrimmed(bounds, bytes, 0, bytes.length);
  return bounds;
}

/** The byte at which a text stops being a JSON array. */
export class NotAList {
  readonly at: number;

  constructor(at: number) {
    this.at = at;
  }
}

/**
 * The elements of a JSON array, told apart by brackets, commas and quotes alone. What lies between them is
 * not looked at: the array is well-formed when each of its elements is.
 */
export function elementsOf({ bytes }: Body): Bounds | NotAList {
  const bounds: Bounds = { from: [], to: [] };
  const open = afterSpace(bytes, 0);
  if (bytes[open] !== OPEN_LIST) return new NotAList(open);
  let from = open + 1;
  for (let i = from, depth = 1; i < bytes.length; i++) {
    const code = bytes[i]!;
    if (code === QUOTE) i = endOfString(bytes, i);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth++;
    else if (code === CLOSE_OBJECT) depth--;
    else if (code === CLOSE_LIST && --depth === 0) return closeList(bounds, bytes, from, i);
    else if (code === COMMA && depth === 1) {
      if (!pushTrimmed(bounds, bytes, from, i)) return new NotAList(i);
      from = i + 1;
    }
  }
  return new NotAList(bytes.length);
}

function closeList(bounds: Bounds, bytes: Buffer, from: number, close: number): Bounds | NotAList {
  const isMissing = !pushTrimmed(bounds, bytes, from, close) && bounds.from.length > 0;
  if (isMissing) return new NotAList(close);
  const rest = afterSpace(bytes, close + 1);
  return rest < bytes.length ? new NotAList(rest) : bounds;
}

/**
 * Line breaks become spaces, in place, so that a stored event is one line wherever it is written.
 * REQUIRES well-formed JSON: there a line break stands between tokens only.
 */
export function joinLines(bytes: Buffer): void {
  for (const code of [NEWLINE, RETURN]) {
    for (let at = bytes.indexOf(code); at !== -1; at = bytes.indexOf(code, at + 1)) bytes[at] = SPACE;
  }
}

function endOfString(bytes: Buffer, quote: number): number {
  let i = quote + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function afterSpace(bytes: Buffer, at: number): number {
  let i = at;
  while (i < bytes.length && isSpace(bytes[i]!)) i++;
  return i;
}

/** `false`: there is nothing but white space. */
function pushTrimmed({ from, to }: Bounds, bytes: Buffer, start: number, end: number): boolean {
  let first = start;
  let last = end;
  while (first < last && isSpace(bytes[first]!)) first++;
  while (first < last && isSpace(bytes[last - 1]!)) last--;
  if (first === last) return false;
  from.push(first);
  to.push(last);
  return true;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === RETURN || code === NEWLINE || code === TAB;
}
