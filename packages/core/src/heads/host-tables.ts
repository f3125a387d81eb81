/**
 * What the hosts have told in their frontier answers so far: per host the promised time, and every replica
 * as the last answer that named it showed it. An answer names only what changed, so this is where "it was
 * not named, so it is as it was" is kept, once for all readers of a process.
 */
import type { FrontierReply, ReplicaInfo } from '../hosts/index.ts';

interface HostTable {
  hostLast: number;
  since: number;
  readonly replicas: Map<number, ReplicaInfo>;
}

/** Where a replica ended when it was read. */
export type ReadEnd = Pick<ReplicaInfo, 'epoch' | 'lastSeq'>;

/** By shardlet, only where the host's last answer does not show as much. */
interface ReadEnds {
  /** there already when the question was asked that is answered next */
  before: Map<number, ReadEnd>;
  /** these may be newer than its answer */
  since: Map<number, ReadEnd>;
}

export class HostTables {
  private readonly byHost = new Map<number, HostTable>();
  private readonly readEnds = new Map<number, ReadEnds>();

  /** Where the host's list of changes was read to; 0 for a host that was never asked so. */
  since(host: number): number {
    return this.byHost.get(host)?.since ?? 0;
  }

  /** Undefined until the host has answered. */
  hostLast(host: number): number | undefined {
    return this.byHost.get(host)?.hostLast;
  }

  replica(host: number, shardlet: number): ReplicaInfo | undefined {
    return this.byHost.get(host)?.replicas.get(shardlet);
  }

  /** The most that the host has shown of a shardlet, in an answer or in a reply to a read. */
  shown(host: number, shardlet: number): ReadEnd | undefined {
    const ends = this.readEnds.get(host);
    const read = most(ends?.since.get(shardlet), ends?.before.get(shardlet));
    return most(read, this.replica(host, shardlet));
  }

  /** A reply to a read. REQUIRES that it was asked for in the run of the host that the tables are of. */
  noteRead(host: number, shardlet: number, { epoch, lastSeq }: ReadEnd): void {
    const shown = this.shown(host, shardlet);
    if (most({ epoch, lastSeq }, shown) === shown) return;
    let ends = this.readEnds.get(host);
    if (ends === undefined) {
      ends = { before: new Map(), since: new Map() };
      this.readEnds.set(host, ends);
    }
    ends.since.set(shardlet, { epoch, lastSeq });
  }

  /** A question is sent: its answer has to show what was read before it. */
  asks(host: number): void {
    const ends = this.readEnds.get(host);
    if (ends === undefined) return;
    for (const [shardlet, end] of ends.since) ends.before.set(shardlet, end);
    ends.since.clear();
  }

  /** None of this falls on a host that keeps what it has written. REQUIRES that it was asked after the last answer. */
  showLess(host: number, answer: FrontierReply): boolean {
    const table = this.byHost.get(host);
    if (table === undefined) return false;
    if (answer.since < table.since || answer.hostLast < table.hostLast) return true;
    const isLess = answer.changed.some(({ shardlet, epoch, mode, lastSeq }) => {
      const known = table.replicas.get(shardlet);
      return known?.epoch === epoch && isLog(known.mode) && isLog(mode) && lastSeq < known.lastSeq;
    });
    return isLess || this.showLessThanRead(host, table, answer);
  }

  /** What an answer does not name is as it was known: so that may be less than was read of it, too. */
  private showLessThanRead(host: number, { replicas }: HostTable, { changed }: FrontierReply): boolean {
    const named = new Map(changed.map((info) => [info.shardlet, info]));
    return [...(this.readEnds.get(host)?.before ?? [])].some(([shardlet, read]) => {
      const now = named.get(shardlet) ?? replicas.get(shardlet);
      return now?.epoch === read.epoch && isLog(now.mode) && now.lastSeq < read.lastSeq;
    });
  }

  /** Answers what is other than it was known. */
  apply(host: number, answer: FrontierReply): ReplicaInfo[] {
    let table = this.byHost.get(host);
    if (table === undefined) {
      table = { hostLast: 0, since: 0, replicas: new Map() };
      this.byHost.set(host, table);
    }
    table.hostLast = answer.hostLast;
    table.since = answer.since;
    const { replicas } = table;
    const changed = answer.changed.filter((info) => !isKnown(replicas.get(info.shardlet), info));
    for (const info of changed) {
      if (info.mode === 'dropped') replicas.delete(info.shardlet);
      else replicas.set(info.shardlet, info);
    }
    this.readEnds.get(host)?.before.clear();
    return changed;
  }

  /** A new run of the host counts its changes anew. */
  forget(host: number): void {
    this.byHost.delete(host);
    this.readEnds.delete(host);
  }
}

/** The second where both are alike. */
function most(one: ReadEnd | undefined, other: ReadEnd | undefined): ReadEnd | undefined {
  if (one === undefined || other === undefined) return other ?? one;
  const isMore = one.epoch > other.epoch || (one.epoch === other.epoch && one.lastSeq > other.lastSeq);
  return isMore ? one : other;
}

/** A copy that is not complete yet may be cut, and what is dropped has no records. */
function isLog(mode: ReplicaInfo['mode']): boolean {
  return mode === 'open' || mode === 'sealed' || mode === 'ready';
}

function isKnown(known: ReplicaInfo | undefined, { epoch, mode, firstSeq, lastSeq }: ReplicaInfo): boolean {
  return (
    known?.epoch === epoch && known.mode === mode && known.firstSeq === firstSeq && known.lastSeq === lastSeq
  );
}
