/**
 * Counts the load of each shardlet in the edge's memory until the next flush. Counts are exact. Keys are
 * counted by their hash, which routing has made already. Types, and the names of the top keys, stand inside
 * the events, so they are read from a sample of a bounded size.
 */
import type { LoadFlush } from './load-flush.ts';
import { type KeyNames, type Loads, ShardletLoad } from './shardlet-load.ts';

/** What is read from an event in the sample. */
export interface EventText {
  readonly type: string;
  readonly key: string;
}

/** Events read in a second, however many come: some microseconds each, below one percent of a core. */
const SAMPLE_EVENTS_MAX = 400;
const KEY_NAMES_MAX = 10_000;
const NAME_CHARS_MAX = 96;

export class LoadCounters {
  private readonly edge: string;
  private readonly runMs: number;
  private loads: Loads = new Map();
  /** rows to count in again: new ones every second would all be copied by the garbage collector */
  private spare: ShardletLoad[] = [];
  private readonly keyNames: KeyNames = new Map();
  private duplicates = 0;
  private seq = 0;
  private keyed = 0;
  private sampled = 0;
  /** one event in so many is read: from the number of the second before */
  private sampleEvery = 1;
  private untilSample = 1;

  constructor(edge: string, runMs: number) {
    this.edge = edge;
    this.runMs = runMs;
  }

  stored(shardlet: number, events: number, bytes: number, latencyBucket: number | undefined): void {
    const load = this.loadOf(shardlet);
    load.events += events;
    load.bytes += bytes;
    if (latencyBucket !== undefined) load.latency.add(latencyBucket, events);
  }

  refused(shardlet: number, events: number): void {
    this.loadOf(shardlet).errors += events;
  }

  read(shardlet: number, events: number): void {
    this.loadOf(shardlet).reads += events;
  }

  duplicate(events: number): void {
    this.duplicates += events;
  }

  /** One stored event; `textOf` is called for the few that are read. */
  key(shardlet: number, keyHash: number, textOf: () => EventText | undefined): void {
    const load = this.loadOf(shardlet);
    load.keys.add(keyHash);
    load.topKeys.add(keyHash, 1);
    this.keyed++;
    if (--this.untilSample > 0) return;
    const weight = this.sampleEvery;
    this.thinOut();
    const text = textOf();
    if (text === undefined) return;
    load.addType(clipped(text.type), weight);
    this.remember(keyHash, text.key);
  }

  /** What was counted since the last flush, also when that is nothing. */
  flush(atMs: number): LoadFlush {
    const { edge, runMs, loads, duplicates, keyNames } = this;
    this.loads = new Map();
    this.duplicates = 0;
    this.sampleEvery = Math.max(1, Math.ceil(this.keyed / SAMPLE_EVENTS_MAX));
    this.untilSample = Math.min(this.untilSample, this.sampleEvery);
    this.keyed = 0;
    this.sampled = 0;
    return { edge, runMs, seq: ++this.seq, atMs, duplicates, loads, keyNames };
  }

  /** Whoever asked for the flush has no more use for its rows. */
  reuse({ loads }: LoadFlush): void {
    this.spare = [...loads.values()];
  }

  private loadOf(shardlet: number): ShardletLoad {
    let load = this.loads.get(shardlet);
    if (load === undefined) {
      load = this.spare.pop() ?? new ShardletLoad();
      load.clear();
      this.loads.set(shardlet, load);
    }
    return load;
  }

  /** A burst after a quiet second would be read whole: the share is halved whenever the bound is reached. */
  private thinOut(): void {
    this.sampled++;
    if (this.sampled % SAMPLE_EVENTS_MAX === 0) this.sampleEvery *= 2;
    this.untilSample = this.sampleEvery;
  }

  private remember(keyHash: number, key: string): void {
    if (this.keyNames.size >= KEY_NAMES_MAX && !this.keyNames.has(keyHash))
      this.keyNames.delete(this.keyNames.keys().next().value!);
    this.keyNames.set(keyHash, clipped(key));
  }
}

function clipped(text: string): string {
  return text.length > NAME_CHARS_MAX ? text.slice(0, NAME_CHARS_MAX) : text;
}
