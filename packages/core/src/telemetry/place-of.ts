/** Where a value stands among the first `length` of a list that is filled again and again; -1: nowhere. */
export function placeOf(value: number, list: readonly number[], length: number): number {
  for (let at = 0; at < length; at++) if (list[at] === value) return at;
  return -1;
}
