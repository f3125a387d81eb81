/**
 * Reads the contents of checkpoints, a whole one and then the deltas on it, and finds what a restore would stumble over:
 * contents that are gone, have another digest, cannot be unpacked, or are not what their rows say.
 */
import { contradictionOf, readState, type StateCheckpoint } from '../checkpointing/index.ts';
import type { StateParts } from './parts.ts';

export interface ContentRead {
  /** what is wrong with it; undefined: nothing */
  readonly error: string | undefined;
  readonly bytes: number;
  /** keys in it; undefined: it was not unpacked */
  readonly entries: number | undefined;
  /** why not: its digest was compared alone */
  readonly unread: string | undefined;
}

/** A megabyte takes about five thousand keys, so this is more than a checkpoint usually has; more would fill the memory. */
const KEYS_MAX = 2_000_000;

export class ChainReader {
  /** bytes by key, of the chain so far; empty where a content of it was not unpacked */
  keys = new Map<string, number>();
  private readonly parts: Pick<StateParts, 'stores' | 'digestOf'>;
  private readonly keysMax: number;
  private isUnread = false;

  constructor(parts: ChainReader['parts'], keysMax = KEYS_MAX) {
    [this.parts, this.keysMax] = [parts, keysMax];
  }

  /** REQUIRES that its base, if it has one, was read just before. @throws StoreUnreachable */
  async read(row: StateCheckpoint): Promise<ContentRead> {
    const { stores, digestOf } = this.parts;
    const { id, object, store, digest, base } = row;
    if (base === undefined) [this.keys, this.isUnread] = [new Map(), false];
    const content = await stores.named(store)?.get(object);
    if (content === undefined) return wrong(`The content of ${id} is not in the store "${store}".`, 0);
    const found = digestOf(content);
    if (found !== digest) return wrong(`The content of ${id} has ${found}, not ${digest}.`, content.length);
    return this.unpacked(row, content);
  }

  /** Of the last one, which ends the chain: a row states how many keys a restore has in the end. */
  contradiction({ id, keys }: StateCheckpoint): string | undefined {
    if (this.isUnread || this.keys.size === keys) return undefined;
    return `${id} was stored with ${keys} keys, and restores ${this.keys.size}.`;
  }

  private async unpacked(row: StateCheckpoint, content: Uint8Array): Promise<ContentRead> {
    const bytes = content.length;
    let entries = 0;
    const reading = await readState(Uint8Array.from(content), (key, size) => {
      entries++;
      if (size === undefined) this.keys.delete(key);
      else this.keys.set(key, size);
      return this.keys.size <= this.keysMax;
    });
    if (reading.kind === 'unread') {
      [this.keys, this.isUnread] = [new Map(), true];
      return { error: undefined, bytes, entries: undefined, unread: reading.reason };
    }
    const reason = reading.kind === 'damaged' ? reading.reason : contradictionOf(row, reading.header);
    if (reason !== undefined) return wrong(`The content of ${row.id} cannot be read: ${reason}.`, bytes);
    return { error: undefined, bytes, entries, unread: undefined };
  }
}

function wrong(error: string, bytes: number): ContentRead {
  return { error, bytes, entries: undefined, unread: undefined };
}
