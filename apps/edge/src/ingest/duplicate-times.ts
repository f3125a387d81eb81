/**
 * The `ts` of duplicates whose record is on another host than the one that knew the id: after a move the ids
 * of ancestors are on the new host, their records stay on the old one. They are read from their owner by the
 * map, before the request is answered, in as few reads as their seqs allow. Best effort: a record that was
 * trimmed, or whose host is away, leaves its `ts` unknown. No other request pays for it.
 */
import {
  type EventHost,
  FRAME_HEADER_BYTES,
  frameIdentity,
  HostUnreachable,
  type StoredRecord,
  writeFrame,
} from '@foreshard/core/hosts';
import type { EdgeMap } from '../map/edge-map.ts';
import type { Intake } from './intake.ts';

/** A read of neighbours takes milliseconds; a client that retries should not wait for a host that hangs. */
const PATIENCE_MS = 1_000;
/** A host that did not answer is not waited for again by every retry that comes meanwhile. */
const REST_MS = 1_000;
/** Reading a few records too many costs less than another call. */
const GAP_MAX = 16;
const READ_BYTES_MAX = 1_000_000;
/** Shardlets read side by side: bounds the memory of one request. */
const SIDE_BY_SIDE = 4;

export interface DuplicateTimesParts {
  readonly map: Pick<EdgeMap, 'topology' | 'refresh'>;
  readonly hosts: { get(hostId: number): Promise<EventHost> };
  readonly nowMs: () => number;
  readonly fault: (error: unknown) => void;
  readonly patienceMs?: number;
}

/** A shardlet with the events of an intake that it holds, by seq. */
type Wanted = readonly [shardlet: number, bySeq: ReadonlyMap<number, readonly number[]>];

export class DuplicateTimes {
  private readonly parts: DuplicateTimesParts;
  private readonly restUntilMs = new Map<number, number>();

  constructor(parts: DuplicateTimesParts) {
    this.parts = parts;
  }

  /** REQUIRES a settled intake. Never throws. */
  async fill(intake: Intake): Promise<void> {
    const queue = wantedOf(intake).entries();
    const late = new AbortController();
    const lane = async () => {
      for (const wanted of queue) if (!late.signal.aborted) await this.fillOne(intake, wanted, late.signal);
    };
    const all = Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.parts.patienceMs ?? PATIENCE_MS);
    });
    await Promise.race([all, deadline]);
    clearTimeout(timer);
    // what comes from now on is too late for the answer
    late.abort();
  }

  private async fillOne(intake: Intake, [shardlet, bySeq]: Wanted, late: AbortSignal): Promise<void> {
    const owner = this.ownerOf(shardlet);
    if (owner === undefined || this.isResting(owner)) return;
    const rest = () => this.restUntilMs.set(owner, this.parts.nowMs() + REST_MS);
    late.addEventListener('abort', rest, { once: true });
    try {
      const seqs = [...bySeq.keys()].sort((a, b) => a - b);
      for await (const records of this.read(shardlet, owner, seqs)) {
        if (late.aborted) return;
        for (const record of records)
          for (const i of bySeq.get(record.seq) ?? [])
            if (isSame(intake, i, record)) intake.found(i, record.ts);
      }
    } catch (error) {
      if (error instanceof HostUnreachable) rest();
      else this.parts.fault(error);
    } finally {
      late.removeEventListener('abort', rest);
    }
  }

  /** The records of these seqs, rising, and some of those between them. */
  private async *read(shardlet: number, owner: number, seqs: readonly number[]) {
    let at = 0;
    let isRetried = false;
    while (at < seqs.length) {
      const from = seqs[at]!;
      const maxRecords = lastOfRun(seqs, at) - from + 1;
      const host = await this.parts.hosts.get(owner);
      const reply = await host.read(shardlet, from, 0, { maxRecords, maxBytes: READ_BYTES_MAX });
      if (reply.kind === 'stale') {
        if (isRetried) return;
        isRetried = true;
        await this.parts.map.refresh();
        const now = this.ownerOf(shardlet);
        if (now === undefined || now === owner) return;
        owner = now;
        continue;
      }
      if (reply.kind === 'records') yield reply.records;
      const next = reply.kind === 'gone' ? reply.firstSeq : reply.nextSeq;
      if (next <= from) return;
      while (at < seqs.length && seqs[at]! < next) at++;
    }
  }

  private ownerOf(shardlet: number): number | undefined {
    const known = this.parts.map.topology.shardlet(shardlet);
    return known === undefined || known.state.kind === 'gone' ? undefined : known.owner;
  }

  private isResting(host: number): boolean {
    const until = this.restUntilMs.get(host);
    return until !== undefined && this.parts.nowMs() < until;
  }
}

function wantedOf(intake: Intake): Map<number, Map<number, number[]>> {
  const wanted = new Map<number, Map<number, number[]>>();
  for (const i of intake.withoutTime()) {
    const shardlet = intake.shardlet[i]!;
    const bySeq = wanted.get(shardlet) ?? new Map<number, number[]>();
    wanted.set(shardlet, bySeq);
    const seq = intake.seq[i]!;
    bySeq.set(seq, [...(bySeq.get(seq) ?? []), i]);
  }
  return wanted;
}

/** The last seq that one read may reach from `at`, over small gaps. */
function lastOfRun(seqs: readonly number[], at: number): number {
  let end = at;
  while (end + 1 < seqs.length && seqs[end + 1]! - seqs[end]! <= GAP_MAX) end++;
  return seqs[end]!;
}

const NOTHING = new Uint8Array();
const words = new Uint32Array(4);
const header = new Uint8Array(FRAME_HEADER_BYTES);

/** An id set keeps a part of the identity; the record has all of it. */
function isSame(intake: Intake, i: number, { frame }: StoredRecord): boolean {
  intake.identity(i, words);
  writeFrame(header, 0, intake.keyHash[i]!, words, NOTHING, 0, 0);
  return frameIdentity(header) === frameIdentity(frame);
}
