/**
 * Names that people are told apart by must show all that they are made of: a line break forges a second line, an override
 * of direction shows text backwards, and two names that differ in what nobody sees are taken for one. Joiners stay, as
 * some scripts need them.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;
const ALL_UNSEEN = new RegExp(UNSEEN.source, 'gu');

export const NOT_PLAIN = 'without line breaks and characters that nobody sees';

export function isPlain(text: string): boolean {
  return !UNSEEN.test(text);
}

/** For names that others give themselves: what is not seen is left out. */
export function plainName(text: string): string {
  return text.replaceAll(ALL_UNSEEN, '').trim();
}
