/**
 * The attributes of CloudEvents 1.0.2 by name, and what each has to be. A name that is none of them is an
 * extension's.
 */
import { isBase64, isMediaType, isTimestamp, isUri, isUriReference } from '@foreshard/core/cloudevents';

interface TextRule {
  /** ends the sentence that begins with the attribute's name */
  readonly wanted: string;
  readonly isRequired?: true;
  /** the text was checked for forbidden characters already */
  readonly accepts: (text: string) => boolean;
  /** few values, met again and again: the last good one is remembered */
  readonly repeats?: true;
}

const isFilled = (text: string) => text !== '';

const TEXT_RULES = {
  specversion: { wanted: 'must be "1.0"', isRequired: true, accepts: (text) => text === '1.0' },
  id: { wanted: 'must be a text that is not empty', isRequired: true, accepts: isFilled },
  source: {
    wanted: 'must be a URI-reference (RFC 3986) that is not empty',
    isRequired: true,
    accepts: (text) => text !== '' && isUriReference(text),
    repeats: true,
  },
  type: { wanted: 'must be a text that is not empty', isRequired: true, accepts: isFilled },
  subject: { wanted: 'must be a text that is not empty, where it is given', accepts: isFilled },
  partitionkey: { wanted: 'must be a text that is not empty, where it is given', accepts: isFilled },
  time: {
    wanted: 'must be a timestamp (RFC 3339), such as "2026-11-21T15:04:05.678Z"',
    accepts: isTimestamp,
  },
  datacontenttype: {
    wanted: 'must be a media type (RFC 2046), such as "application/json"',
    accepts: isMediaType,
    repeats: true,
  },
  dataschema: { wanted: 'must be an absolute URI (RFC 3986)', accepts: isUri, repeats: true },
  data_base64: { wanted: 'must be base64 (RFC 4648, section 4: padded, no line breaks)', accepts: isBase64 },
} as const satisfies Record<string, TextRule>;

type TextAttribute = keyof typeof TEXT_RULES;

/** A rule with its name and its place among the members of an event. */
export interface Attribute extends TextRule {
  readonly name: TextAttribute;
  /** one bit, to find a member that is given twice */
  readonly bit: number;
}

const ATTRIBUTES: readonly Attribute[] = Object.entries(TEXT_RULES).map(([name, rule], i) => ({
  ...rule,
  name: name as TextAttribute,
  bit: 1 << i,
}));
export const REQUIRED: readonly Attribute[] = ATTRIBUTES.filter((a) => a.isRequired === true);
export const DATA_BIT = 1 << ATTRIBUTES.length;
export const DATA = 'data';

export function attributeNamed(name: TextAttribute): Attribute {
  return ATTRIBUTES.find((a) => a.name === name)!;
}

/** By length, then by second letter: no two known names share both. */
const KNOWN = new Map<number, { readonly bytes: Buffer; readonly member: Attribute | typeof DATA }>();
for (const member of [...ATTRIBUTES, DATA] as const) {
  const bytes = Buffer.from(typeof member === 'string' ? member : member.name);
  KNOWN.set(placeOf(bytes, 0, bytes.length), { bytes, member });
}
const TABLE = Array.from({ length: 16 * 32 }, (_, place) => KNOWN.get(place));

function placeOf(bytes: Uint8Array, from: number, to: number): number {
  return (to - from) * 32 + (bytes[from + 1]! & 31);
}

/** The member of this name; `undefined` for an extension. */
export function memberAt(bytes: Uint8Array, from: number, to: number): Attribute | typeof DATA | undefined {
  if (to - from > 15 || to === from) return undefined;
  const known = TABLE[placeOf(bytes, from, to)];
  if (known === undefined) return undefined;
  const name = known.bytes;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return undefined;
  return known.member;
}

/** CloudEvents 1.0.2, Naming Conventions */
export function isExtensionName(name: string): boolean {
  return /^[a-z0-9]+$/.test(name);
}
