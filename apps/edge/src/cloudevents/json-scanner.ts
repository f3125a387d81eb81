/**
 * Walks over the bytes of a JSON value and says whether they are JSON (RFC 8259) that every reader can take
 * in (I-JSON, RFC 7493): each name of an object once, surrogates in pairs, numbers a double can hold, and
 * not nested deeper than parsers of other languages go by default. One event that breaks these would break
 * the whole page it is read in, for some reader.
 *
 * Nothing is built: an event is stored as the bytes that were sent, and only few of its texts are ever
 * needed. What is not JSON ends the scan (`false`, at `at`). What is JSON but refused is noted, the first of
 * them, and the scan goes on, because the end of the value still has to be found.
 */
import { NameStack } from './name-stack.ts';

/**
 * Containers inside each other, the event itself being the first. serde_json gives up at 128, protobuf at
 * 100, and a page puts its events some levels down.
 */
export const NESTING_MAX = 96;

export const JSON_FAULTS = {
  duplicate: 'the name is given twice in one object',
  deep: `arrays and objects are nested more than ${NESTING_MAX} deep`,
  surrogate: 'the text holds half of a surrogate pair, which is no character',
  number: 'the number is larger than a double can hold: send it as a text',
} as const;
export type JsonFault = keyof typeof JSON_FAULTS;

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const SMALL_E = 0x65;
const SMALL_F = 0x66;
const SMALL_N = 0x6e;
const SMALL_T = 0x74;
const SMALL_U = 0x75;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;

/** What a byte means inside a text. */
const PLAIN = 0;
const WIDE = 1;
const ENDS = 2;
const ESCAPES = 3;
const CONTROL = 4;
const MEANING = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20) return CONTROL;
  if (byte === QUOTE) return ENDS;
  if (byte === BACKSLASH) return ESCAPES;
  return byte >= 0x7f ? WIDE : PLAIN;
});
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));

/** A number of fewer characters without exponent is below 1e300. */
const SAFE_NUMBER_LENGTH = 300;

const WORDS = { true: Buffer.from('true'), false: Buffer.from('false'), null: Buffer.from('null') };

export class JsonScanner {
  /** where the scan is; after a failure, the byte that does not fit */
  at = 0;
  fault: JsonFault | undefined;
  faultAt = 0;

  /** the text scanned last, without its quotes */
  textFrom = 0;
  textTo = 0;
  /** printable ASCII without escapes: what is written is what is meant */
  textIsPlain = true;

  private readonly bytes: Buffer;
  private readonly latin1: string;
  private end = 0;
  private compareUntil = 0;
  private readonly names: NameStack;

  /** `latin1`: the same bytes, a character each. */
  constructor(bytes: Buffer, latin1: string) {
    this.bytes = bytes;
    this.latin1 = latin1;
    this.names = new NameStack(bytes);
  }

  /**
   * Sets out at `from`; no text goes on past `end`. Names past `compareUntil` are not compared: what is
   * larger is refused for that, and the names of an object have to be kept while they are compared.
   */
  start(from: number, end: number, compareUntil = end): void {
    this.at = from;
    this.end = end;
    this.compareUntil = compareUntil;
    this.fault = undefined;
    this.names.clear();
  }

  /** The whole of [from, end) is one value. */
  isValue(from: number, end: number): boolean {
    this.start(from, end);
    this.skipSpace();
    return this.value(1) && this.skipSpace() === end;
  }

  note(fault: JsonFault, at: number): void {
    if (this.fault !== undefined) return;
    this.fault = fault;
    this.faultAt = at;
  }

  skipSpace(): number {
    const { bytes } = this;
    let i = this.at;
    for (let c = bytes[i]; c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; ) c = bytes[++i];
    this.at = i;
    return i;
  }

  value(depth: number): boolean {
    switch (this.bytes[this.at]) {
      case QUOTE:
        return this.string();
      case OPEN_OBJECT:
        return this.object(depth);
      case OPEN_LIST:
        return this.list(depth);
      case SMALL_T:
        return this.word(WORDS.true);
      case SMALL_F:
        return this.word(WORDS.false);
      case SMALL_N:
        return this.word(WORDS.null);
      default:
        return this.number();
    }
  }

  /** A name, its colon, and the space around them; the name is the text scanned last. */
  name(): boolean {
    this.skipSpace();
    if (this.bytes[this.at] !== QUOTE || !this.string()) return false;
    if (this.bytes[this.at] !== COLON && this.bytes[this.skipSpace()] !== COLON) return false;
    this.at++;
    this.skipSpace();
    return true;
  }

  /** After a member or element: another one follows (1), the container ends (0), or it is not JSON (-1). */
  next(close: number): number {
    const c = this.bytes[this.skipSpace()];
    if (c !== COMMA && c !== close) return -1;
    this.at++;
    return c === COMMA ? 1 : 0;
  }

  /** Steps over an opening bracket; `true` when the container is empty, and stepped over. */
  opensEmpty(close: number): boolean {
    this.at++;
    if (this.bytes[this.skipSpace()] !== close) return false;
    this.at++;
    return true;
  }

  /** REQUIRES a quote. */
  string(): boolean {
    const { bytes, end } = this;
    let i = this.at + 1;
    let isPlain = true;
    for (; i < end; i++) {
      const meaning = MEANING[bytes[i]!]!;
      if (meaning === PLAIN) continue;
      if (meaning === ENDS) {
        this.textFrom = this.at + 1;
        this.textTo = i;
        this.textIsPlain = isPlain;
        this.at = i + 1;
        return true;
      }
      isPlain = false;
      if (meaning === CONTROL) break;
      if (meaning === ESCAPES) {
        const last = this.endOfEscape(i);
        if (last < 0) break;
        i = last;
      }
    }
    this.at = i;
    return false;
  }

  /** The text of [from, to), which lies between quotes. */
  text(from: number, to: number, isPlain: boolean): string {
    if (isPlain) return this.latin1.slice(from, to);
    return JSON.parse(this.bytes.toString('utf8', from - 1, to + 1)) as string;
  }

  private object(depth: number): boolean {
    if (depth > NESTING_MAX) return this.skipDeep();
    if (this.opensEmpty(CLOSE_OBJECT)) return true;
    const scope = this.names.open();
    for (;;) {
      const nameAt = this.skipSpace();
      if (!this.name()) return false;
      if (nameAt < this.compareUntil && !this.names.isNew(scope, this)) this.note('duplicate', nameAt);
      if (!this.value(depth + 1)) return false;
      const next = this.next(CLOSE_OBJECT);
      if (next === 1) continue;
      this.names.close(scope);
      return next === 0;
    }
  }

  private list(depth: number): boolean {
    if (depth > NESTING_MAX) return this.skipDeep();
    if (this.opensEmpty(CLOSE_LIST)) return true;
    for (;;) {
      this.skipSpace();
      if (!this.value(depth + 1)) return false;
      const next = this.next(CLOSE_LIST);
      if (next !== 1) return next === 0;
    }
  }

  /** To the end of what is nested too deep, by its brackets alone: it is refused in any case. */
  private skipDeep(): boolean {
    this.note('deep', this.at);
    const { bytes, end } = this;
    let open = 0;
    while (this.at < end) {
      const c = bytes[this.at]!;
      if (c === QUOTE) {
        if (!this.string()) return false;
        continue;
      }
      this.at++;
      if (c === OPEN_LIST || c === OPEN_OBJECT) open++;
      else if ((c === CLOSE_LIST || c === CLOSE_OBJECT) && --open === 0) return true;
    }
    return false;
  }

  private word(word: Buffer): boolean {
    for (const byte of word) {
      if (this.bytes[this.at] !== byte) return false;
      this.at++;
    }
    return true;
  }

  private number(): boolean {
    const { bytes } = this;
    const from = this.at;
    if (bytes[this.at] === MINUS) this.at++;
    if (bytes[this.at] === ZERO) this.at++;
    else if (!this.digits()) return false;
    if (bytes[this.at] === DOT) {
      this.at++;
      if (!this.digits()) return false;
    }
    const mayBeHuge = (bytes[this.at]! | 0x20) === SMALL_E || this.at - from > SAFE_NUMBER_LENGTH;
    if ((bytes[this.at]! | 0x20) === SMALL_E && !this.exponent()) return false;
    if (mayBeHuge && !Number.isFinite(Number(this.latin1.slice(from, this.at)))) this.note('number', from);
    return true;
  }

  private exponent(): boolean {
    const sign = this.bytes[++this.at];
    if (sign === PLUS || sign === MINUS) this.at++;
    return this.digits();
  }

  private digits(): boolean {
    const { bytes } = this;
    const from = this.at;
    while (bytes[this.at]! >= ZERO && bytes[this.at]! <= NINE) this.at++;
    return this.at > from;
  }

  /** The last byte of the escape that begins at `i`; negative when it is none. */
  private endOfEscape(i: number): number {
    const { bytes } = this;
    if (bytes[i + 1] !== SMALL_U) return ESCAPED.has(bytes[i + 1]!) ? i + 1 : -1;
    const unit = this.codeUnit(i);
    if (unit < 0) return -1;
    if (unit < 0xd800 || unit > 0xdfff) return i + 5;
    const low = unit < 0xdc00 ? this.codeUnit(i + 6) : -1;
    if (low >= 0xdc00 && low <= 0xdfff) return i + 11;
    this.note('surrogate', i);
    return i + 5;
  }

  /** The number in \uXXXX at `i`, negative when there is none. */
  private codeUnit(i: number): number {
    if (this.bytes[i] !== BACKSLASH || this.bytes[i + 1] !== SMALL_U) return -1;
    const digits = this.latin1.slice(i + 2, i + 6);
    return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
  }
}
