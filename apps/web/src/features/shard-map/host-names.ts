/** Names of hosts where room is short: what all of them begin with says nothing there. */

/** Names are cut only behind one of these, so that what is left is a whole word or number. */
const SEPARATORS = /[-_.]/;
const CHARACTER_WIDTHS = { narrow: 5.5, wide: 7 };

/** @returns the name, or its distinct end behind an ellipsis where it does not fit */
export function shortName(name: string, prefix: string, width: number, size: 'narrow' | 'wide'): string {
  const fits = name.length * CHARACTER_WIDTHS[size] <= width;
  return fits || prefix === '' ? name : `…${name.slice(prefix.length)}`;
}

/** The longest beginning that all names share and that ends with a separator; '' of fewer than two names. */
export function commonPrefix(names: readonly string[]): string {
  if (names.length < 2) return '';
  const [first, ...others] = names as [string, ...string[]];
  let length = 0;
  for (let i = 0; i < first.length && others.every((name) => name[i] === first[i]); i++)
    if (SEPARATORS.test(first[i]!)) length = i + 1;
  return first.slice(0, length);
}
