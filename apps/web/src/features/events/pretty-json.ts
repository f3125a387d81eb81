import { parseExact } from '../../server/events/exact-json.ts';

/** Set out over lines, every digit kept; as it is where the browser cannot tell the digits, or the text is no JSON. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(parseExact(text), undefined, 2);
  } catch {
    return text;
  }
}
