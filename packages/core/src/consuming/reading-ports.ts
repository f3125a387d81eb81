/** What the service of consumer groups needs of hosts, beside what it asks them itself: news, and records. */
import type { EventHost, ReadOptions, ReadReply, ReplicaInfo } from '../hosts/index.ts';
import type { Shardlet } from '../topology/index.ts';

/** What is known of the last seq of shardlets. Hints only: they may be late, lost, or wrong after a set-back. */
export interface ShardletHeads {
  /** undefined: not known, so the shardlet is asked */
  lastSeq(shardlet: number): number | undefined;
  /**
   * While it is the same, so is `lastSeq` of every shardlet of the stream, however much time passes. Undefined: nothing
   * is said about that.
   */
  stamp(stream: number): number | undefined;
  /** May fire often: REQUIRES a listener that is cheap. Answers the function that ends it. */
  listen(onNews: (shardlet: number) => void): () => void;
  /** Somebody waits for news of this stream, until the function that it answers is called. */
  follow(stream: number): () => void;
}

/** Reads records of a shardlet from wherever they are. */
export interface ShardletReads {
  /** @throws HostUnreachable */
  read(shardlet: Shardlet, from: number, minEpoch: number, options: ReadOptions): Promise<ReadReply>;
}

/** Knows nothing: every shardlet is asked. */
export const NO_HEADS: ShardletHeads = Object.freeze({
  lastSeq: () => undefined,
  stamp: () => undefined,
  listen: () => () => {},
  follow: () => () => {},
});

/** Asks the owner each time. */
export function readsFromHosts(host: (id: number) => Promise<EventHost>): ShardletReads {
  return {
    async read({ id, owner }, from, minEpoch, options) {
      return (await host(owner)).read(id, from, minEpoch, options);
    },
  };
}

/** What hosts have told in their last answers: the promise and the shardlets together. */
export interface PromiseTables {
  /** undefined: it has not answered yet */
  hostLast(host: number): number | undefined;
  replica(host: number, shardlet: number): ReplicaInfo | undefined;
}

/** What hosts promise: nothing of theirs will get a time at or below it. */
export interface HostPromises {
  readonly tables: PromiseTables;
  /** Asks once more. REQUIRES `raise` only where something waits for it: it costs the host a write. `false`: no answer. */
  ask(host: number, raise: boolean): Promise<boolean>;
}

/** Nothing is promised: for a process that no member polls. */
export const NO_PROMISES: HostPromises = Object.freeze({
  tables: { hostLast: () => undefined, replica: () => undefined },
  ask: async () => false,
});
