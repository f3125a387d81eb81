/**
 * A host in a test, with a clock that stands still and short words for the common steps. Expectations stay
 * in the rules; the steps here only insist that they worked.
 */
import { expect } from 'vitest';
import { WHOLE } from '../../keyspace/index.ts';
import { addToDigest, type Digest, EMPTY_DIGEST } from '../digest.ts';
import type { AppendGroup, AppendReply, EventHost, ReplicaSpec, StoredRecord } from '../event-host.ts';
import type { HostFixture } from './fixture.ts';
import { concatFrames, sampleFrame } from './sample-events.ts';

export const SECOND = 1_000_000;
/** where every test's clock begins */
export const T0 = 1_700_000_000 * SECOND;
/** the window w and the lead d of the tests */
export const WINDOW = 100 * SECOND;
export const LEAD = 10 * SECOND;
export const SPEC: ReplicaSpec = {
  stream: 1,
  range: WHOLE,
  dedup: { windowMicros: WINDOW, leadMicros: LEAD },
};
export const ALL = { maxRecords: 10_000, maxBytes: 100_000_000 };

export type Appended = Extract<AppendReply, { kind: 'appended' }>;

export class Scene {
  readonly fixture: HostFixture;
  host: EventHost;
  now = T0;

  constructor(fixture: HostFixture) {
    this.fixture = fixture;
    this.host = fixture.host;
  }

  async at(micros: number): Promise<void> {
    this.now = micros;
    await this.fixture.setClock(micros);
  }

  async later(byMicros: number): Promise<void> {
    await this.at(this.now + byMicros);
  }

  /** A group of events n..m for an open replica. */
  group(shardlet: number, epoch: number, frames: readonly Uint8Array[], more: Partial<AppendGroup> = {}) {
    const bytes = concatFrames(frames);
    const fixed = { shardlet, epoch, frames: bytes, count: frames.length };
    return { edgeTs: this.now, tokenTs: 0, dedup: SPEC.dedup, ...fixed, ...more } satisfies AppendGroup;
  }

  async tryAppend(
    shardlet: number,
    epoch: number,
    frames: readonly Uint8Array[],
    more: Partial<AppendGroup> = {},
  ): Promise<AppendReply> {
    const [reply] = await this.host.append([this.group(shardlet, epoch, frames, more)]);
    return reply!;
  }

  async append(
    shardlet: number,
    epoch: number,
    events: readonly number[],
    more: Partial<AppendGroup> = {},
  ): Promise<Appended> {
    const reply = await this.tryAppend(
      shardlet,
      epoch,
      events.map((n) => sampleFrame(n)),
      more,
    );
    expect(reply.kind).toBe('appended');
    return reply as Appended;
  }

  async createOpen(shardlet: number, epoch: number, parents: readonly [number, number][] = []) {
    const refs = parents.map(([parent, at]) => ({ shardlet: parent, epoch: at }));
    expect(await this.host.createOpen(shardlet, epoch, SPEC, refs)).toEqual({ kind: 'created' });
  }

  async createShadow(shardlet: number, epoch: number) {
    expect(await this.host.createShadow(shardlet, epoch, SPEC)).toEqual({ kind: 'created' });
  }

  async seal(shardlet: number, epoch: number) {
    const reply = await this.host.seal(shardlet, epoch);
    expect(reply.kind).toBe('done');
  }

  async records(shardlet: number, from = 1): Promise<readonly StoredRecord[]> {
    const reply = await this.host.read(shardlet, from, 0, ALL);
    expect(reply.kind).toBe('records');
    return reply.kind === 'records' ? reply.records : [];
  }

  /** A shadow with the given records, made ready and, if wanted, opened. */
  async copyOf(shardlet: number, epoch: number, records: readonly StoredRecord[], open = true) {
    await this.createShadow(shardlet, epoch);
    expect((await this.host.ingest(shardlet, epoch, records)).kind).toBe('ingested');
    expect(await this.host.ready(shardlet, epoch, expectationOf(records))).toEqual({ kind: 'ready' });
    if (open) expect((await this.host.open(shardlet, epoch)).kind).toBe('done');
  }
}

/** Records as a source would hand them over: seqs from 1, one microsecond apart. */
export function recordsOf(events: readonly number[], firstTs = T0, firstSeq = 1): StoredRecord[] {
  return events.map((n, i) => ({ seq: firstSeq + i, ts: firstTs + i, frame: sampleFrame(n) }));
}

export function digestOf(records: readonly StoredRecord[]): Digest {
  return records.reduce((sum, r) => addToDigest(sum, r.seq, r.ts, r.frame), EMPTY_DIGEST);
}

/** What `ready` is told about a source that holds exactly these records. */
export function expectationOf(records: readonly StoredRecord[], firstSeq = records[0]?.seq ?? 1) {
  const finalSeq = firstSeq + records.length - 1;
  const last = records.at(-1)?.ts ?? 0;
  return { firstSeq, finalSeq, digest: digestOf(records), idSets: [] as string[], last };
}

export function stale(epoch: number, mode: string) {
  return { kind: 'stale', epoch, mode };
}
