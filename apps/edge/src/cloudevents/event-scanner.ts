/**
 * Is this stretch of bytes a CloudEvent (1.0.2, JSON format) that can be stored as it is? One pass: the
 * grammar, the names, each attribute by its rule, and the few texts that routing and identity need. The
 * first fault is told, with a JSON pointer; another version of CloudEvents is told first, since then the
 * rules may be others.
 *
 * One scanner serves the events of a body one after another; what it tells holds until the next `scan`.
 */
import { isCleanText } from '@foreshard/core/cloudevents';
import {
  type Attribute,
  attributeNamed,
  DATA,
  DATA_BIT,
  isExtensionName,
  memberAt,
  REQUIRED,
} from './attributes.ts';
import { escaped, pointerTo } from './json-pointer.ts';
import { CLOSE_OBJECT, JSON_FAULTS, JsonScanner, OPEN_OBJECT } from './json-scanner.ts';
import { type NameScope, NameStack } from './name-stack.ts';

export interface EventFault {
  readonly code: 'malformed_body' | 'invalid_event';
  readonly detail: string;
  /** RFC 6901, from the event's root */
  readonly pointer: string;
}

/** Where a text lies among the bytes, between its quotes; `to` is 0 where there is none. */
export interface TextPlace {
  from: number;
  to: number;
  isPlain: boolean;
}

const ID = attributeNamed('id');
const SOURCE = attributeNamed('source');
const TYPE = attributeNamed('type');
const SUBJECT = attributeNamed('subject');
const PARTITION_KEY = attributeNamed('partitionkey');
const VERSION = attributeNamed('specversion');
const BASE64_BIT = attributeNamed('data_base64').bit;
const VERSION_FAULT = {
  code: 'invalid_event',
  detail: `"specversion" ${VERSION.wanted}`,
  pointer: '/specversion',
} as const;

const QUOTE = 0x22;
const SMALL_N = 0x6e;
const MINUS = 0x2d;
const INTEGER = /^-?\d{1,10}$/;
const INT32_MAX = 2 ** 31 - 1;

export class EventScanner {
  fault: EventFault | undefined;
  /** undefined where it has none, or it is no text */
  id: string | undefined;
  source = '';
  /** of whatever form, as far as it is a text */
  version: string | undefined;
  readonly type: TextPlace = { from: 0, to: 0, isPlain: true };
  /** what its key is taken from: partitionkey, else subject, else source */
  readonly key: TextPlace = { from: 0, to: 0, isPlain: true };

  private readonly bytes: Buffer;
  private readonly json: JsonScanner;
  private readonly names: NameStack;
  private readonly remembered = new Map<Attribute, string>();
  private from = 0;
  /** the known members that were named, and those of them that are not null, a bit each */
  private given = 0;
  private members = 0;
  private keyRank = 0;

  constructor(bytes: Buffer, latin1: string) {
    this.bytes = bytes;
    this.json = new JsonScanner(bytes, latin1);
    this.names = new NameStack(bytes);
  }

  /** REQUIRES [from, to) without white space at its ends. Names past `compareUntil` are not compared. */
  scan(from: number, to: number, compareUntil = to): EventFault | undefined {
    this.reset(from);
    this.json.start(from, to, compareUntil);
    const isJson = this.bytes[from] === OPEN_OBJECT ? this.event() : this.noEvent();
    if (!isJson) this.fault = this.malformed(to);
    else if (this.json.at !== to) this.fault = this.followed(to);
    else if (this.fault?.code !== 'malformed_body') this.judge();
    return this.fault;
  }

  keyText(): string {
    return this.json.text(this.key.from, this.key.to, this.key.isPlain);
  }

  private reset(from: number): void {
    this.from = from;
    this.fault = undefined;
    this.id = undefined;
    this.version = undefined;
    this.given = 0;
    this.members = 0;
    this.keyRank = 0;
    this.type.to = 0;
    this.key.to = 0;
  }

  private noEvent(): boolean {
    this.fail('an event is a JSON object', '');
    return this.json.value(1);
  }

  private event(): boolean {
    const { json } = this;
    if (json.opensEmpty(CLOSE_OBJECT)) return true;
    this.names.clear();
    const extensions = this.names.open();
    for (;;) {
      if (!json.name() || !this.member(extensions)) return false;
      const next = json.next(CLOSE_OBJECT);
      if (next !== 1) return next === 0;
    }
  }

  private member(extensions: NameScope): boolean {
    const { json } = this;
    const member = this.memberNamed();
    if (member === undefined) return this.extension(extensions);
    const bit = member === DATA ? DATA_BIT : member.bit;
    if ((this.given & bit) !== 0) {
      this.fail(JSON_FAULTS.duplicate, `/${member === DATA ? DATA : member.name}`);
    }
    this.given |= bit;
    this.members |= bit;
    return member === DATA ? json.value(2) : this.attribute(member);
  }

  private memberNamed(): Attribute | typeof DATA | undefined {
    const { textFrom, textTo, textIsPlain } = this.json;
    if (textIsPlain) return memberAt(this.bytes, textFrom, textTo);
    const name = Buffer.from(this.json.text(textFrom, textTo, false));
    return memberAt(name, 0, name.length);
  }

  private attribute(attribute: Attribute): boolean {
    const { json, bytes } = this;
    if (bytes[json.at] === QUOTE) {
      if (!json.string()) return false;
      this.take(attribute);
      return true;
    }
    // null means that it is not set
    if (bytes[json.at] === SMALL_N) this.members &= ~attribute.bit;
    else this.failAttribute(attribute);
    return json.value(2);
  }

  private take(attribute: Attribute): void {
    const { textFrom, textTo, textIsPlain } = this.json;
    if (textIsPlain && attribute === TYPE) {
      if (textFrom === textTo) this.failAttribute(attribute);
      setPlace(this.type, textFrom, textTo, true);
      return;
    }
    const text = this.json.text(textFrom, textTo, textIsPlain);
    if (attribute === ID) this.id = text;
    else if (attribute === SOURCE) this.takeKey(1);
    else if (attribute === SUBJECT) this.takeKey(2);
    else if (attribute === PARTITION_KEY) this.takeKey(3);
    else if (attribute === TYPE) setPlace(this.type, textFrom, textTo, textIsPlain);
    else if (attribute === VERSION) this.version = text;
    if (attribute === SOURCE) this.source = text;
    if (!this.accepts(attribute, text)) this.failAttribute(attribute);
    else if (!textIsPlain && !isCleanText(text)) this.failCharacters(attribute.name);
  }

  private takeKey(rank: number): void {
    if (rank < this.keyRank) return;
    this.keyRank = rank;
    setPlace(this.key, this.json.textFrom, this.json.textTo, this.json.textIsPlain);
  }

  private accepts(attribute: Attribute, text: string): boolean {
    if (attribute.repeats !== true) return attribute.accepts(text);
    if (this.remembered.get(attribute) === text) return true;
    if (!attribute.accepts(text)) return false;
    this.remembered.set(attribute, text);
    return true;
  }

  private extension(scope: NameScope): boolean {
    const { json } = this;
    const name = json.text(json.textFrom, json.textTo, json.textIsPlain);
    if (!isExtensionName(name)) {
      this.fail(
        `"${shortened(name)}" is no name of an attribute: lower-case letters and digits`,
        `/${escaped(name)}`,
      );
    }
    if (!this.names.isNew(scope, json)) this.fail(JSON_FAULTS.duplicate, `/${escaped(name)}`);
    return this.extensionValue(name);
  }

  private extensionValue(name: string): boolean {
    const { json, bytes } = this;
    const from = json.at;
    const first = bytes[from]!;
    const isNumber = first === MINUS || (first >= 0x30 && first <= 0x39);
    if (!json.value(2)) return false;
    if (first === QUOTE) {
      if (json.textIsPlain) return true;
      if (!isCleanText(json.text(json.textFrom, json.textTo, false))) this.failCharacters(name);
    } else if (isNumber && !isInteger(bytes.toString('latin1', from, json.at))) {
      this.fail(`"${name}" is no Integer: whole numbers from -2147483648 to 2147483647`, `/${escaped(name)}`);
    } else if (first === OPEN_OBJECT || first === 0x5b) {
      this.fail(`"${shortened(name)}" must be a text, an integer or a boolean`, `/${escaped(name)}`);
    }
    return true;
  }

  /** What can be said only at the end. */
  private judge(): void {
    const { json, members } = this;
    if (json.fault !== undefined && this.fault === undefined) {
      this.fail(JSON_FAULTS[json.fault], pointerTo(this.bytes, this.from, json.faultAt));
    }
    if (this.version !== undefined && this.version !== '1.0') {
      this.fault = VERSION_FAULT;
      return;
    }
    for (const attribute of REQUIRED) {
      if ((members & attribute.bit) === 0) this.fail(`"${attribute.name}" is missing`, `/${attribute.name}`);
    }
    if ((members & DATA_BIT) !== 0 && (members & BASE64_BIT) !== 0) {
      this.fail('"data" and "data_base64" exclude each other', '/data_base64');
    }
  }

  /** The event has ended, and this is not the end. */
  private followed(to: number): EventFault {
    this.json.skipSpace();
    return this.malformed(to);
  }

  private malformed(to: number): EventFault {
    const { at } = this.json;
    const where = `at byte ${at - this.from}`;
    const detail =
      at >= to ? 'not JSON: it ends too early' : `not JSON: unexpected ${this.characterAt(at)} ${where}`;
    return {
      code: 'malformed_body',
      detail,
      pointer: pointerTo(this.bytes, this.from, Math.min(at, to) - 1),
    };
  }

  private characterAt(at: number): string {
    const byte = this.bytes[at]!;
    if (byte > 0x20 && byte < 0x7f) return `"${String.fromCharCode(byte)}"`;
    return `byte 0x${byte.toString(16).padStart(2, '0')}`;
  }

  private failAttribute(attribute: Attribute): void {
    this.fail(`"${attribute.name}" ${attribute.wanted}`, `/${attribute.name}`);
  }

  private failCharacters(name: string): void {
    this.fail(`"${shortened(name)}" holds a character that no attribute may hold`, `/${escaped(name)}`);
  }

  private fail(detail: string, pointer: string): void {
    this.fault ??= { code: 'invalid_event', detail, pointer };
  }
}

function setPlace(place: TextPlace, from: number, to: number, isPlain: boolean): void {
  place.from = from;
  place.to = to;
  place.isPlain = isPlain;
}

function isInteger(text: string): boolean {
  return INTEGER.test(text) && Math.abs(Number(text) + 0.5) <= INT32_MAX + 0.5;
}

function shortened(name: string): string {
  return (name.length <= 60 ? name : `${name.slice(0, 60)}...`).toWellFormed();
}
