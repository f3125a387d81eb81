/**
 * Reads one shardlet from a seq or a time on. It is at its end only when the topology store says that it is closed
 * and it was read to its finalSeq: a copy that has no more may be an old one.
 */

import type { EventHosts } from '@foreshard/core/heads';
import { HostUnreachable, type StoredRecord } from '@foreshard/core/hosts';
import { ForeshardError, MICROS_PER_MS } from '@foreshard/core/kernel';
import type { Shardlet } from '@foreshard/core/topology';
import { Absences } from '../hosts/absences.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import { pause } from './log/bell.ts';
import type { ReplicaReads } from './log/log-reader.ts';

export interface ShardletRequest {
  readonly shardlet: number;
  /** a place given by the reader: what was removed behind it is told; from the oldest, or a time, it is not */
  readonly from:
    | { readonly kind: 'seq'; readonly seq: number }
    | { readonly kind: 'time'; readonly micros: number };
  readonly limit: number;
}

export type ShardletPage =
  | {
      readonly kind: 'events';
      readonly shardlet: Shardlet;
      readonly records: readonly StoredRecord[];
      /** undefined at the end of a closed shardlet: its successors go on */
      readonly nextSeq: number | undefined;
      readonly successors: readonly number[];
    }
  | { readonly kind: 'pastRetention'; readonly firstSeq: number; readonly successors: readonly number[] };

const PAGE_BYTES_MAX = 16_000_000;
/** A host that moves or loses a shardlet just now is asked again, with a newer map, for so long. */
const STALE_PATIENCE_MS = 2_000;
const STALE_PAUSE_MS = 20;

export class ShardletEvents {
  private readonly map: EdgeMap;
  private readonly hosts: EventHosts;
  private readonly reads: ReplicaReads;
  private readonly absences = new Absences(() => performance.now() * MICROS_PER_MS);

  constructor(map: EdgeMap, hosts: EventHosts, reads: ReplicaReads) {
    this.map = map;
    this.hosts = hosts;
    this.reads = reads;
  }

  /** The map may be older than the shardlet. */
  async learn(id: number): Promise<void> {
    if (this.map.topology.shardlet(id) === undefined) await this.map.refresh();
  }

  /** @throws ForeshardError unknown_shardlet, host_unreachable, overloaded (on its way between hosts) */
  async page({ shardlet: id, from, limit }: ShardletRequest): Promise<ShardletPage> {
    await this.learn(id);
    const state = this.known(id).state;
    if (state.kind === 'gone') return this.pageOfGone(id, from, state.finalSeq);
    let seq = from.kind === 'seq' ? from.seq : await this.firstSeqFrom(id, from.micros);
    const records: StoredRecord[] = [];
    for (let bytes = 0; records.length < limit && bytes < PAGE_BYTES_MAX; ) {
      const options = { maxRecords: limit - records.length, maxBytes: PAGE_BYTES_MAX - bytes };
      const asked = { shardlet: id, from: seq, minEpoch: 0, options };
      const reply = await this.settled(id, (host) => this.reads.readReplica({ ...asked, host }));
      if (reply.kind === 'gone') {
        if (from.kind === 'seq' && records.length === 0) return this.pastRetention(id, reply.firstSeq);
        if (records.length > 0) break;
        seq = reply.firstSeq;
        continue;
      }
      for (const record of reply.records) bytes += record.frame.length;
      records.push(...reply.records);
      seq = Math.max(seq, reply.nextSeq);
      if (reply.atEnd) break;
    }
    return this.pageUpTo(id, records, seq);
  }

  private async firstSeqFrom(id: number, micros: number): Promise<number> {
    if (micros === 0) return 1;
    return (await this.settled(id, async (host) => (await this.hosts.get(host)).seek(id, micros - 1))).seq;
  }

  private pageUpTo(id: number, records: readonly StoredRecord[], nextSeq: number): ShardletPage {
    const shardlet = this.known(id);
    const { state } = shardlet;
    const isOver = 'finalSeq' in state && nextSeq > state.finalSeq;
    return {
      kind: 'events',
      shardlet,
      records,
      nextSeq: isOver ? undefined : nextSeq,
      successors: isOver ? state.successors : [],
    };
  }

  private pageOfGone(id: number, from: ShardletRequest['from'], finalSeq: number): ShardletPage {
    const asksForLost = from.kind === 'seq' && from.seq <= finalSeq;
    return asksForLost ? this.pastRetention(id, finalSeq + 1) : this.pageUpTo(id, [], finalSeq + 1);
  }

  private pastRetention(id: number, firstSeq: number): ShardletPage {
    const { state } = this.known(id);
    return { kind: 'pastRetention', firstSeq, successors: 'successors' in state ? state.successors : [] };
  }

  private known(id: number): Shardlet {
    const shardlet = this.map.topology.shardlet(id);
    if (shardlet !== undefined) return shardlet;
    throw new ForeshardError('unknown_shardlet', `there is no shardlet ${id}`, { pointer: '{id}' });
  }

  /** Asks the owner, and after a stale answer the owner that a newer map names. */
  private async settled<R extends { kind: string }>(
    id: number,
    ask: (owner: number) => Promise<R>,
  ): Promise<Exclude<R, { kind: 'stale' }>> {
    for (const startedMs = performance.now(); ; ) {
      const { owner } = this.known(id);
      const reply = await ask(owner).catch((error: unknown) => unreachable(error, owner, this.absences));
      this.absences.answered(owner);
      if (reply.kind !== 'stale') return reply as Exclude<R, { kind: 'stale' }>;
      if (performance.now() - startedMs > STALE_PATIENCE_MS)
        throw new ForeshardError('overloaded', `shardlet ${id} is on its way between hosts`, {
          retryAfterSeconds: 1,
        });
      await this.map.refresh();
      await pause(STALE_PAUSE_MS);
    }
  }
}

function unreachable(error: unknown, owner: number, absences: Absences): never {
  if (!(error instanceof HostUnreachable)) throw error;
  throw new ForeshardError('host_unreachable', `host ${owner} does not answer`, {
    retryAfterSeconds: absences.failed(owner),
    cause: error,
  });
}
