/**
 * What every store does with a decision, whatever it keeps its rows in: shows the rule what it asked for,
 * and turns what it put into the change of that version. The guards here hold for every rule there will
 * ever be: ids are allocated and never reused, the range of an id never changes, and a new epoch is always
 * the version of the decision that makes it (of a move: of the one that prepared it).
 */
import { invariant } from '../kernel/index.ts';
import { sameRange } from '../keyspace/index.ts';
import type { Change, ChangeSet, Garbage, Host, Shardlet, Stream } from './model.ts';
import type { Decision, Needs, Refusal, TopologyView } from './topology-store.ts';

/** The next id of each kind; ids begin at 1. */
export interface NextIds {
  readonly shardlet: number;
  readonly stream: number;
  readonly host: number;
}

export const FIRST_IDS: NextIds = Object.freeze({ shardlet: 1, stream: 1, host: 1 });

/** The rows a store has read for a decision, all in the deciding transaction. */
export interface Loaded {
  /** the version this decision makes if it is accepted */
  readonly version: number;
  readonly nowMs: number;
  readonly streams: readonly Stream[];
  readonly hosts: readonly Host[];
  readonly shardlets: readonly Shardlet[];
  readonly garbage: readonly Garbage[];
  readonly nextIds: NextIds;
}

export type Judgement<R> =
  | { readonly kind: 'accept'; readonly change: Change; readonly nextIds: NextIds; readonly result: R }
  | { readonly kind: 'refuse'; readonly refusal: Refusal };

/** Runs the rule on what was loaded. Changes nothing: the store commits the change, or rolls back. */
export function judge<R>(
  decision: Decision<R>,
  loaded: Loaded,
  actor: string,
  auditRow?: string,
): Judgement<R> {
  const view = new LoadedView(decision.needs, loaded);
  const verdict = decision.rule(view);
  if (verdict.kind === 'refuse') return verdict;
  const set = complete(verdict.puts);
  for (const shardlet of set.shardlets) checkShardlet(shardlet, view, loaded);
  const { version, nowMs: at } = loaded;
  const cause = auditRow === undefined ? { actor } : { actor, auditRow };
  const change = { ...set, version, at, decision: decision.name, ...cause };
  return { kind: 'accept', change, nextIds: view.nextIds(), result: verdict.result };
}

function complete(puts: Partial<ChangeSet>): ChangeSet {
  return {
    streams: puts.streams ?? [],
    streamsRemoved: puts.streamsRemoved ?? [],
    hosts: puts.hosts ?? [],
    hostsRemoved: puts.hostsRemoved ?? [],
    shardlets: puts.shardlets ?? [],
    garbage: puts.garbage ?? [],
    garbageRemoved: puts.garbageRemoved ?? [],
  };
}

function checkShardlet(after: Shardlet, view: LoadedView, loaded: Loaded): void {
  const before = view.loadedShardlet(after.id);
  const name = `shardlet ${after.id}`;
  if (before === undefined) {
    const allocated = after.id >= loaded.nextIds.shardlet && after.id < view.nextIds().shardlet;
    invariant(allocated, `${name} was neither loaded nor allocated by this decision`);
    invariant(after.epoch === loaded.version, `${name} is new, its epoch must be ${loaded.version}`);
    return;
  }
  invariant(sameRange(before.range, after.range), `the range of ${name} cannot change`);
  invariant(
    before.stream === after.stream && before.shard === after.shard,
    `${name} cannot change its shard`,
  );
  invariant(
    after.epoch === before.epoch || after.epoch === loaded.version || after.epoch === promisedEpoch(before),
    `${name} gets epoch ${after.epoch} in decision ${loaded.version}`,
  );
}

/** A move fixes the epoch of its destination when it is prepared: the version of that decision. */
function promisedEpoch({ state }: Shardlet): number | undefined {
  return 'nextEpoch' in state ? state.nextEpoch : undefined;
}

/** Shows what was asked for, and nothing else: a rule that forgets a need fails at once on every store. */
class LoadedView implements TopologyView {
  readonly version: number;
  readonly nowMs: number;
  private readonly needs: Needs;
  private readonly loaded: Loaded;
  private readonly named: ReadonlySet<number>;
  private readonly shardletsById: ReadonlyMap<number, Shardlet>;
  private readonly next: { -readonly [K in keyof NextIds]: number };

  constructor(needs: Needs, loaded: Loaded) {
    this.version = loaded.version;
    this.nowMs = loaded.nowMs;
    this.needs = needs;
    this.loaded = loaded;
    this.named = new Set(needs.shardlets);
    this.shardletsById = new Map(loaded.shardlets.map((s) => [s.id, s]));
    this.next = { ...loaded.nextIds };
  }

  stream(id: number): Stream | undefined {
    return this.loaded.streams.find((s) => s.id === id);
  }

  streams(): readonly Stream[] {
    return this.loaded.streams;
  }

  host(id: number): Host | undefined {
    return this.loaded.hosts.find((h) => h.id === id);
  }

  hosts(): readonly Host[] {
    return this.loaded.hosts;
  }

  shardlet(id: number): Shardlet | undefined {
    const found = this.shardletsById.get(id);
    invariant(
      found !== undefined || this.named.has(id),
      `the rule asked for shardlet ${id} without naming it`,
    );
    return found;
  }

  shardlets(): readonly Shardlet[] {
    return this.loaded.shardlets;
  }

  garbage(): readonly Garbage[] {
    invariant(this.needs.garbage === true, 'the rule asked for the garbage without naming it');
    return this.loaded.garbage;
  }

  newShardletId(): number {
    return this.next.shardlet++;
  }

  newStreamId(): number {
    return this.next.stream++;
  }

  newHostId(): number {
    return this.next.host++;
  }

  nextIds(): NextIds {
    return { ...this.next };
  }

  loadedShardlet(id: number): Shardlet | undefined {
    return this.shardletsById.get(id);
  }
}
