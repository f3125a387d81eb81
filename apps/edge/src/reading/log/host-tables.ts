/**
 * What the hosts have told in their frontier answers so far: per host the promised time, and every replica
 * as the last answer that named it showed it. An answer names only what changed, so this is where "it was
 * not named, so it is as it was" is kept, once for all readers of an edge.
 */
import type { FrontierReply, ReplicaInfo } from '@foreshard/core/hosts';

interface HostTable {
  hostLast: number;
  since: number;
  readonly replicas: Map<number, ReplicaInfo>;
}

export class HostTables {
  private readonly byHost = new Map<number, HostTable>();

  /** Where the host's list of changes was read to; 0 for a host that never answered. */
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

  apply(host: number, answer: FrontierReply): void {
    let table = this.byHost.get(host);
    if (table === undefined) {
      table = { hostLast: 0, since: 0, replicas: new Map() };
      this.byHost.set(host, table);
    }
    table.hostLast = answer.hostLast;
    table.since = answer.since;
    for (const info of answer.changed) {
      if (info.mode === 'dropped') table.replicas.delete(info.shardlet);
      else table.replicas.set(info.shardlet, info);
    }
  }

  /** A new run of the host counts its changes anew. */
  forget(host: number): void {
    this.byHost.delete(host);
  }
}
