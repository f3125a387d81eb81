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

export class HostTables {
  private readonly byHost = new Map<number, HostTable>();

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

  /** None of this falls on a host that keeps what it has written. REQUIRES that it was asked after the last answer. */
  showLess(host: number, answer: FrontierReply): boolean {
    const table = this.byHost.get(host);
    if (table === undefined) return false;
    if (answer.since < table.since || answer.hostLast < table.hostLast) return true;
    return answer.changed.some(({ shardlet, epoch, mode, lastSeq }) => {
      const known = table.replicas.get(shardlet);
      return known?.epoch === epoch && isLog(known.mode) && isLog(mode) && lastSeq < known.lastSeq;
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
    return changed;
  }

  /** A new run of the host counts its changes anew. */
  forget(host: number): void {
    this.byHost.delete(host);
  }
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
