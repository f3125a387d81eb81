/**
 * A body as text and as bytes, and where its events begin and end in both. The text is decoded once, for
 * JSON.parse; the bytes are what is stored, as they were sent. In ASCII, the common case, a byte is a
 * character and the same bounds serve both.
 */
import { isAscii, isUtf8 } from 'node:buffer';

export interface Body {
  readonly bytes: Buffer;
  readonly text: string;
  readonly isAscii: boolean;
  /** of the whole; where it is false, each event is looked at */
  readonly isUtf8: boolean;
}

/** Item i is [from[i], to[i]). */
export interface Bounds {
  readonly from: number[];
  readonly to: number[];
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export function decodeBody(body: Buffer): Body {
  const bytes = body.subarray(0, 3).equals(BYTE_ORDER_MARK) ? body.subarray(3) : body;
  if (isAscii(bytes)) return { bytes, text: bytes.toString('latin1'), isAscii: true, isUtf8: true };
  return { bytes, text: bytes.toString('utf8'), isAscii: false, isUtf8: isUtf8(bytes) };
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

/** Lines with nothing but white space are passed over. */
export function linesOfText(text: string): Bounds {
  const bounds: Bounds = { from: [], to: [] };
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    let end = newline === -1 ? text.length : newline;
    const next = end + 1;
    while (at < end && isSpace(text.charCodeAt(at))) at++;
    while (at < end && isSpace(text.charCodeAt(end - 1))) end--;
    push(bounds, at, end);
    at = next;
  }
  return bounds;
}

/** As many as `linesOfText` finds: a newline byte is a newline in UTF-8, also beside invalid bytes. */
export function linesOfBytes(bytes: Buffer): Bounds {
  const bounds: Bounds = { from: [], to: [] };
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline === -1 ? bytes.length : newline;
    pushTrimmed(bounds, bytes, at, end);
    at = end + 1;
  }
  return bounds;
}

/** The elements of a JSON array. REQUIRES a well-formed one: every structural character of JSON is one byte. */
export function elementsOf(bytes: Buffer): Bounds {
  const bounds: Bounds = { from: [], to: [] };
  let depth = 0;
  let from = 0;
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes[i]!;
    if (code === QUOTE) i = endOfString(bytes, i);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (depth++ === 0) from = i + 1;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      if (--depth === 0) pushTrimmed(bounds, bytes, from, i);
    } else if (code === COMMA && depth === 1) {
      pushTrimmed(bounds, bytes, from, i);
      from = i + 1;
    }
  }
  return bounds;
}

/** All of it as one item. */
export function wholeOf(bytes: Buffer): Bounds {
  const bounds: Bounds = { from: [], to: [] };
  pushTrimmed(bounds, bytes, 0, bytes.length);
  return bounds;
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
  while (bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function pushTrimmed(bounds: Bounds, bytes: Buffer, from: number, to: number): void {
  while (from < to && isSpace(bytes[from]!)) from++;
  while (from < to && isSpace(bytes[to - 1]!)) to--;
  push(bounds, from, to);
}

function push(bounds: Bounds, from: number, to: number): void {
  if (from === to) return;
  bounds.from.push(from);
  bounds.to.push(to);
}

function isSpace(code: number): boolean {
  return code === SPACE || code === RETURN || code === NEWLINE || code === TAB;
}
