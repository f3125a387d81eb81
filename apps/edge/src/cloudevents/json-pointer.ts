/**
 * Where in a JSON text a byte lies, as a JSON pointer (RFC 6901). Asked only when something is wrong, so it
 * walks from the beginning; it takes the text as it comes, since a broken one has a place of its fault too.
 */

/** Longer ones end at a container on the way: a hostile name is not sent back at full length. */
const POINTER_LENGTH_MAX = 1_000;

interface Container {
  readonly isList: boolean;
  index: number;
  /** the member the walk is in, as written; undefined before its name */
  name: string | undefined;
}

/** The value, or the member whose name, at `at` within the value that begins at `from`. */
export function pointerTo(bytes: Buffer, from: number, at: number): string {
  const open: Container[] = [];
  for (let i = from; i <= at && i < bytes.length; i++) {
    switch (bytes[i]) {
      case 0x22: {
        const end = stringEnd(bytes, i);
        const inside = open.at(-1);
        if (inside?.isList === false && inside.name === undefined) inside.name = textOf(bytes, i, end);
        i = end;
        break;
      }
      case 0x5b:
      case 0x7b:
        if (open.length > POINTER_LENGTH_MAX) return pointerOf(open);
        if (i < at) open.push({ isList: bytes[i] === 0x5b, index: 0, name: undefined });
        break;
      case 0x5d:
      case 0x7d:
        open.pop();
        break;
      case 0x2c:
        if (i < at) advance(open.at(-1));
        break;
    }
  }
  return pointerOf(open);
}

function advance(container: Container | undefined): void {
  if (container === undefined) return;
  container.index++;
  container.name = undefined;
}

function pointerOf(open: readonly Container[]): string {
  let pointer = '';
  for (const { isList, index, name } of open) {
    if (!isList && name === undefined) break;
    const longer = `${pointer}/${isList ? index : escaped(name!)}`;
    if (longer.length > POINTER_LENGTH_MAX) break;
    pointer = longer;
  }
  return pointer;
}

/** One reference token of a pointer; half a surrogate pair cannot be sent and is replaced. */
export function escaped(name: string): string {
  return name.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
}

function stringEnd(bytes: Buffer, quote: number): number {
  let i = quote + 1;
  while (i < bytes.length && bytes[i] !== 0x22) i += bytes[i] === 0x5c ? 2 : 1;
  return i;
}

function textOf(bytes: Buffer, quote: number, end: number): string {
  const text = bytes.toString('utf8', quote + 1, Math.min(end, quote + 1 + POINTER_LENGTH_MAX));
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
