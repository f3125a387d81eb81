/** Adds the profiles that edges have flushed to minutes and hours, and ends what is past its retention. */
import {
  type Flushed,
  PROFILE_FIELD,
  PROFILE_STREAM_KEY,
  type ProfileStore,
  Profiles,
} from '@foreshard/core/profiling';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** A run of two edges after a pause of ten minutes. */
const ENTRIES_MAX = 120;

export interface MergeProfilesParts {
  readonly redis: Pick<Redis, 'xrangeBuffer'>;
  readonly store: ProfileStore;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export class MergeProfiles {
  private readonly parts: MergeProfilesParts;

  constructor(parts: MergeProfilesParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    const { store, nowMs } = this.parts;
    let merged = 0;
    for (;;) {
      const added = await store.add((after) => this.read(after));
      merged += added;
      if (added < ENTRIES_MAX || signal.aborted) break;
    }
    const forgotten = await store.forget(nowMs());
    return forgotten === 0 ? undefined : { merged, forgotten };
  }

  private async read(after: string): Promise<Flushed[]> {
    const { redis } = this.parts;
    const entries = await redis.xrangeBuffer(PROFILE_STREAM_KEY, `(${after}`, '+', 'COUNT', ENTRIES_MAX);
    return entries.flatMap(([id, fields]) => this.flushed(id.toString(), fields));
  }

  /** What cannot be read is passed over: it would else be met again for ever. */
  private flushed(entry: string, fields: readonly Buffer[]): Flushed[] {
    const atMs = Number(entry.split('-')[0]);
    const at = fields.findIndex((name, i) => i % 2 === 0 && name.toString() === PROFILE_FIELD);
    try {
      return [{ entry, atMs, profiles: Profiles.unpack(fields[at + 1] ?? new Uint8Array()) }];
    } catch (error) {
      this.parts.log.warn({ entry, reason: (error as Error).message }, 'a profile cannot be read');
      return [{ entry, atMs, profiles: new Profiles() }];
    }
  }
}
